import { describe, expect, test } from 'bun:test';
import { idOf, labelFrom } from '../../../test/builders.ts';
import type { Selection } from '../pool/selection.ts';
import type { JobSpec } from './job.ts';
import { resolveRung, type LadderAgent } from './ladder.ts';

const claude: LadderAgent = {
  agent: 'claude',
  pool: labelFrom('anthropic'),
  chain: ['opus', 'sonnet[1m]', 'sonnet', 'haiku'],
  byProfile: false,
};
const codex: LadderAgent = { agent: 'codex', pool: labelFrom('openai'), chain: ['gpt'], byProfile: true };
const closed: Selection = { kind: 'wait', until: 5000, queued: false, skipped: [] };

/** The rung when only these models are open; `codex` stands for every model there. */
function resolve(
  spec: Pick<JobSpec, 'model'> & { models?: string[]; agents?: LadderAgent[] },
  open: readonly string[],
) {
  const ladder = { models: spec.models ?? null, agents: [] };
  return resolveRung({ model: spec.model, ladder }, [claude, ...(spec.agents ?? [])], (pool, model): Selection => {
    const isOpen = pool === codex.pool ? open.includes('codex') : open.includes(model ?? 'default');
    return isOpen ? { kind: 'use', account: idOf('a'), probe: false, skipped: [] } : closed;
  });
}

describe('the best rung', () => {
  test.each([
    ['opus', ['opus', 'sonnet', 'haiku'], 'opus', true],
    ['opus', ['sonnet', 'haiku'], 'sonnet', false],
    ['opus', ['haiku', 'sonnet[1m]'], 'sonnet[1m]', false],
    ['sonnet', ['opus', 'sonnet[1m]', 'haiku'], 'haiku', false],
    ['haiku', ['haiku'], 'haiku', true],
    [null, ['default', 'opus'], null, true],
    [null, ['opus'], 'opus', false],
    ['own-model', ['opus', 'haiku'], 'opus', false],
  ])('for %p with %j open is %p', (model, open, expected, isPreferred) => {
    expect(resolve({ model }, open)).toMatchObject({
      kind: 'rung',
      rung: { agent: 'claude', pool: claude.pool, model: expected, account: null },
      isPreferred,
    });
  });

  test('is one of a chain of the job’s own, where it has one', () => {
    expect(resolve({ model: 'opus', models: ['haiku'] }, ['sonnet', 'haiku'])).toMatchObject({
      rung: { model: 'haiku' },
    });
    expect(resolve({ model: 'opus', models: [] }, ['sonnet', 'haiku'])).toMatchObject({ kind: 'closed' });
  });

  test('is at another agent only when the job allows that, and then at an account of its own', () => {
    expect(resolve({ model: 'opus' }, ['codex'])).toMatchObject({ kind: 'closed' });
    expect(resolve({ model: 'opus', agents: [codex] }, ['codex'])).toMatchObject({
      kind: 'rung',
      rung: { agent: 'codex', pool: codex.pool, model: 'gpt', account: idOf('a') },
      isPreferred: false,
    });
    expect(resolve({ model: 'opus', agents: [codex] }, ['codex', 'haiku'])).toMatchObject({ rung: { model: 'haiku' } });
  });

  test('is none where everything is closed, with what was said of each', () => {
    const found = resolve({ model: 'opus', agents: [codex] }, []);
    const ofClaude = ['opus', 'sonnet[1m]', 'sonnet', 'haiku'].map((model) => ({
      agent: 'claude',
      pool: claude.pool,
      model,
    }));
    const tried = [...ofClaude, { agent: 'codex', pool: codex.pool, model: 'gpt' }];
    expect(found).toEqual({ kind: 'closed', tried: tried.map((each) => ({ ...each, selection: closed })) });
    expect(resolve({ model: 'opus' }, ['sonnet']).tried.map(({ model }) => model)).toEqual([
      'opus',
      'sonnet[1m]',
      'sonnet',
    ]);
  });

  test('may be one that is only busy', () => {
    const busy: Selection = { kind: 'wait', until: 5000, queued: true, skipped: [] };
    const spec = { model: 'opus', ladder: { models: null, agents: [] } };
    expect(resolveRung(spec, [claude], () => busy)).toMatchObject({ kind: 'rung', rung: { model: 'opus' } });
  });
});
