import { beforeAll, describe, expect, test } from 'bun:test';
import type { FaultInput } from '../src/simulator/openai/fault.ts';
import { agentExecutable } from './agent-executable.ts';
import { untroubledCodex } from './codex-expected.ts';
import { startCodexRig, type CodexRig } from './codex-rig.ts';
import { states } from './claude-expected.ts';

beforeAll(() => agentExecutable('codex'), 600_000);

const words = 'one two three four five six';
const prompt = `[[steps:1]] [[say:${words}]]`;

type Row = { readonly fault: FaultInput; readonly asked: readonly string[]; readonly a: string };

/** In the order in which a turn meets them: the upgrade, the warm-up, the request. */
const hidden: readonly Row[] = [
  {
    fault: { kind: 'usage_limit', on: 'upgrade' },
    asked: ['a 429 upgrade', 'b 101 upgrade', 'b 200 warm-up', 'b 200 frame', 'b 200 frame'],
    a: 'closed five_hour',
  },
  {
    fault: { kind: 'token_expired', on: 'upgrade' },
    asked: ['a 401 upgrade', 'a 101 upgrade', 'a 200 warm-up', 'a 200 frame', 'a 200 frame'],
    a: 'open',
  },
  {
    fault: { kind: 'overloaded', on: 'upgrade', times: 2 },
    asked: ['a 503 upgrade', 'a 503 upgrade', 'b 101 upgrade', 'b 200 warm-up', 'b 200 frame', 'b 200 frame'],
    a: 'open',
  },
  {
    fault: { kind: 'usage_limit', on: 'warm-up' },
    asked: ['a 101 upgrade', 'a 429 warm-up', 'b 101 upgrade', 'b 200 warm-up', 'b 200 frame', 'b 200 frame'],
    a: 'closed five_hour',
  },
  {
    fault: { kind: 'throttle' },
    asked: ['a 101 upgrade', 'a 200 warm-up', 'a 429 frame', 'a 200 frame', 'a 200 frame'],
    a: 'open',
  },
  {
    fault: { kind: 'insufficient_quota' },
    asked: ['a 101 upgrade', 'a 200 warm-up', 'a 429 frame', 'b 101 upgrade', 'b 200 frame', 'b 200 frame'],
    a: 'closed credits',
  },
  {
    fault: { kind: 'failed_before_content', code: 'usage_limit_reached' },
    asked: ['a 101 upgrade', 'a 200 warm-up', 'a 200 frame', 'b 101 upgrade', 'b 200 frame', 'b 200 frame'],
    a: 'closed usage_limit',
  },
  {
    fault: { kind: 'close_frame', closeCode: 1013 },
    asked: ['a 101 upgrade', 'a 200 warm-up', 'a null frame', 'a 101 upgrade', 'a 200 frame', 'a 200 frame'],
    a: 'open',
  },
];

describe('a provider in trouble on a WebSocket', () => {
  test.each(hidden.map((row) => [`${row.fault.kind} (${row.fault.on ?? 'frame'})`, row] as const))(
    'with %s costs Codex nothing',
    async (_, { fault, asked, a }) => {
      await using rig = await startCodexRig({ way: 'login', kind: 'plan' });
      rig.simulator.inject({ credential: 'a', ...fault });
      const run = await rig.codex(prompt);
      expect(run).toMatchObject({ ...untroubledCodex(words), commands: ['step 1'] });
      expect(everything(rig)).toEqual([...asked]);
      expect(states(await rig.status())).toEqual([`a ${a}`, 'b open']);
    },
  );

  test.each([
    ['failed_mid', 'server_error'],
    ['error_event_mid', 'server_error'],
    ['cut_mid', undefined],
  ] as const)('with %s after content costs one retry, over a WebSocket and unseen', async (kind, code) => {
    await using rig = await startCodexRig({ way: 'socket' });
    rig.simulator.inject({ kind, code, afterDeltas: 3, pauseMs: 300, skip: 1 });
    const run = await rig.codex(prompt);
    expect(run).toMatchObject({ ...untroubledCodex(words), commands: ['step 1'] });
    const frames = everything(rig).filter((each) => !each.endsWith('upgrade'));
    expect(frames).toEqual(['a 200 warm-up', 'a 200 frame', 'a 200 frame', 'a 200 frame']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('with a limit after content costs one retry, on the next account', async () => {
    await using rig = await startCodexRig({ way: 'socket' });
    rig.simulator.inject({ kind: 'failed_mid', code: 'usage_limit_reached', credential: 'a', afterDeltas: 3, skip: 1 });
    const run = await rig.codex(prompt);
    expect(run).toMatchObject({ ...untroubledCodex(words), commands: ['step 1'] });
    const served = everything(rig).filter((each) => each.endsWith('200 frame'));
    expect(served).toEqual(['a 200 frame', 'a 200 frame', 'b 200 frame']);
    expect(states(await rig.status())).toEqual(['a closed usage_limit', 'b open']);
  });

  test('without an end ends the turn in bounded time, and closes nothing', async () => {
    await using rig = await startCodexRig({ way: 'socket' });
    rig.simulator.inject({ kind: 'overloaded', times: 'always' });
    const startedAt = performance.now();
    const run = await rig.codex('hi');
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(run).toMatchObject({ code: 1, failure: 'Selected model is at capacity. Please try a different model.' });
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });
});

describe('a provider without a WebSocket', () => {
  test('is asked over HTTP, with nothing lost', async () => {
    await using rig = await startCodexRig({ way: 'socket' });
    rig.simulator.inject({ kind: 'upgrade_required', on: 'upgrade', times: 'always' });
    const run = await rig.codex(prompt);
    expect(run).toMatchObject({ ...untroubledCodex(words), commands: ['step 1'] });
    expect(everything(rig)).toEqual(['a 426 upgrade', 'a 200 http', 'a 200 http']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });
});

/** What the provider saw of the endpoint, upgrades as well. */
function everything({ simulator }: CodexRig): string[] {
  return simulator.requests
    .filter(({ path }) => path.endsWith('/responses'))
    .map(({ credential, status, via }) => `${credential} ${status} ${via}`);
}
