import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { openJobOperations, type JobRig } from '../../test/job-rig.ts';
import { hourMs } from '../core/time.ts';
import type { JobView } from './job-view.ts';
import type { ResolvedView } from './model.ts';

let rig: JobRig;

beforeAll(async () => {
  rig = await openJobOperations();
  await rig.operations.add('work');
});

afterAll(() => rig[Symbol.asyncDispose]());

const run = (input: object): Promise<ResolvedView> =>
  rig.operations.run('model.resolve', input) as Promise<ResolvedView>;
const close = async (family: string): Promise<void> => {
  for (const label of ['a', 'b']) await rig.agents.close(label, rig.agents.now + hourMs, family);
};

describe('model.resolve', () => {
  test('says what would run where all is open, and what is not needed', async () => {
    expect(await run({ model: 'opus' })).toEqual({
      job: null,
      runs: { agent: 'claude', pool: 'anthropic', model: 'opus', account: null },
      ...{ isPreferred: true, until: null },
      rungs: [
        ...[['opus', 'taken', 'is open'] as const],
        ...(['sonnet', 'haiku'] as const).map((model) => [model, 'not-needed', 'is not needed'] as const),
      ].map(([model, verdict, says]) => ({
        ...{ agent: 'claude', pool: 'anthropic', model, verdict, until: null, skipped: [] },
        sentence: `${model} of claude (pool anthropic) ${says}.`,
      })),
      sentence: 'It would run on opus of claude (pool anthropic) now, which is what it prefers.',
    });
  });

  test('takes the models and agents that a job may go on with', async () => {
    const { rungs } = await run({ model: 'opus', models: ['haiku'], fallbackAgents: ['gemini'] });
    expect(rungs.map(({ agent, model }) => `${agent} ${model}`)).toEqual([
      ...['claude opus', 'claude haiku', 'gemini opus', 'gemini sonnet', 'gemini haiku'],
    ]);
  });

  test('says of a job why it is not on what it prefers, and until when', async () => {
    await close('opus');
    const { id } = (await rig.operations.run('job.add', {
      ...{ prompt: 'x', directory: '/tmp', model: 'opus', scheduleAt: String(rig.operations.now + 86_400_000) },
    })) as JobView;
    const told = await run({ job: id.slice(0, 6) });
    expect(told).toMatchObject({
      ...{ job: id, runs: { model: 'sonnet' }, isPreferred: false },
      rungs: [{ verdict: 'skipped', until: rig.agents.now + hourMs }, { verdict: 'taken' }, { verdict: 'not-needed' }],
      sentence: `Job ${id} would run on sonnet of claude (pool anthropic) now, which is the best that is open.`,
    });
    expect(told.rungs[0]?.sentence).toMatch(
      /^opus of claude \(pool anthropic\) is passed over: anthropic\/a is closed \(five_hour\), opens .+\. anthropic\/b is closed/,
    );
  });

  test('says when the first opens where nothing is open', async () => {
    for (const family of ['opus', 'sonnet', 'haiku']) await close(family);
    const told = await run({ model: 'opus' });
    expect(told).toMatchObject({ runs: null, isPreferred: false, until: rig.agents.now + hourMs });
    expect(told.sentence).toStartWith('It would run on nothing now: all is closed, and the first may open');
  });

  test.each<[object, string]>([
    [{ agent: 'nobody' }, '"nobody" is not an agent that Stint knows.'],
    [{ pool: 'nowhere' }, 'There is no pool "nowhere".'],
    [{ job: 'zzzz' }, 'There is no job "zzzz".'],
    [{ job: 'zzzz', model: 'opus' }, 'Give a job, or an agent with its model and pool, not both.'],
  ])('refuses %j', async (input, message) => {
    expect(run(input)).rejects.toThrow(message);
  });
});
