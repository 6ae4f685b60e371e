import { beforeAll, describe, expect, test } from 'bun:test';
import { pacificMidnight } from '../src/providers/google/quota.ts';
import { agentExecutable } from './agent-executable.ts';
import { nextFor, states, traffic } from './claude-expected.ts';
import { greeting, places, untroubled } from './gemini-expected.ts';
import { pro, startGeminiRig } from './gemini-rig.ts';

beforeAll(() => agentExecutable('gemini'), 600_000);

describe('Gemini CLI on a pool of keys', () => {
  test('has a turn with tool calls on the first account', async () => {
    await using rig = await startGeminiRig();
    const run = await rig.gemini('[[steps:2]] go', ...pro);
    expect(run).toMatchObject(untroubled(greeting('a', '[[steps:2]] go', { steps: 2 })));
    expect(run.toolResults).toEqual(['step 1', 'step 2']);
    expect(traffic(rig)).toEqual(['a 200', 'a 200', 'a 200']);
    expect(rig.simulator.requests).toEqual(rig.seen());
    expect(rig.seen()[0]).toMatchObject({ model: 'gemini-2.5-pro', query: 'alt=sse' });
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
    expect(await places(rig)).toEqual(['google/a 0']);
  });

  test('asks which model to take, where it may choose, through the same account', async () => {
    await using rig = await startGeminiRig();
    expect(await rig.gemini('hi')).toMatchObject(untroubled(greeting('a', 'hi')));
    expect(traffic(rig)).toEqual(['a 200 whole', 'a 200']);
    expect(rig.seen()[0]?.model).toContain('flash-lite');
  });
});

describe('limits of keys in the middle of a turn', () => {
  test('move the conversation from account to account, and the agent sees nothing of them', async () => {
    await using rig = await startGeminiRig({ accounts: ['a', 'b', 'c', 'd', 'e'] });
    const faults = [
      { kind: 'key_rpd' },
      { kind: 'key_rpm', resetInSeconds: 45 },
      // With these the agent would sleep for an hour, and print nothing before it does.
      { kind: 'ca_quota' },
      { kind: 'error_event_before_content', error: 'ca_quota' },
    ] as const;
    for (const [index, credential] of ['a', 'b', 'c', 'd'].entries())
      rig.simulator.inject({ ...(faults[index] ?? faults[0]), credential, times: 'always', skip: 1 });
    const startedAt = Date.now();
    const run = await rig.gemini('[[steps:5]] go', ...pro);
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(run).toMatchObject(untroubled(greeting('e', '[[steps:5]] go', { steps: 5 })));
    expect(run.toolResults).toEqual(['step 1', 'step 2', 'step 3', 'step 4', 'step 5']);
    expect(traffic(rig)).toEqual([
      ...['a 200', 'a 429', 'b 200', 'b 429', 'c 200', 'c 429', 'd 200'],
      // The error is inside of the second one.
      ...['d 200', 'e 200', 'e 200'],
    ]);
    const status = await rig.status();
    const closed = ['day', 'minute', 'quota', 'quota'].map(
      (window, index) => `${'abcd'[index]} partly-closed ${window}`,
    );
    expect(states(status)).toEqual([...closed, 'e open']);
    const limits = status.accounts.flatMap((account) => account.limits);
    expect(new Set(limits.map(({ family }) => family))).toEqual(new Set(['gemini-2.5-pro']));
    expect(limits[0]?.until).toBe(pacificMidnight(startedAt));
    for (const [index, seconds] of [45, 3600, 3600].entries())
      expect((limits[index + 1]?.until ?? 0) - startedAt).toBeWithin(seconds * 1000 - 1000, seconds * 1000 + 20_000);
    expect(nextFor(status, 'gemini-2.5-pro')).toBe('google/e');
    expect(nextFor(status, null)).toBe('google/a');
    expect(await places(rig)).toEqual(['google/e 4']);
  });

  test('lets the conversation go on with the next account when it is resumed', async () => {
    await using rig = await startGeminiRig();
    const first = await rig.gemini('[[say:first]]', ...pro);
    rig.simulator.inject({ kind: 'key_rpd', credential: 'a', times: 'always' });
    const again = await rig.gemini('hi again', ...pro, '--resume', first.sessions[0] ?? '');
    expect(again).toMatchObject(untroubled(greeting('b', 'hi again', { prompts: 2 })));
    expect(again.sessions).toEqual(first.sessions);
    expect(traffic(rig)).toEqual(['a 200', 'a 429', 'b 200']);
    expect(await places(rig)).toContain('google/b 1');
  });
});

describe('a limit on one model', () => {
  test('met by a side call moves that model and leaves the conversation of another where it is', async () => {
    await using rig = await startGeminiRig();
    rig.simulator.inject({ kind: 'key_rpd', credential: 'a', model: 'flash-lite', times: 'always' });
    expect(await rig.gemini('hi')).toMatchObject(untroubled(greeting('a', 'hi')));
    expect(traffic(rig)).toEqual(['a 429 whole', 'b 200 whole', 'a 200']);
    const status = await rig.status();
    expect(states(status)).toEqual(['a partly-closed day', 'b open']);
    expect(status.accounts[0]?.limits).toMatchObject([{ window: 'day', family: rig.seen()[0]?.model ?? '' }]);
  });

  test('closes every key of the same project with the one that met it', async () => {
    await using rig = await startGeminiRig({ project: 'shared' });
    rig.simulator.inject({ kind: 'key_rpd', credential: 'a' });
    const run = await rig.gemini('hi', ...pro);
    expect(run).toMatchObject({ code: 173, status: 'error', text: '' });
    expect(traffic(rig)).toEqual(['a 429']);
    expect(states(await rig.status())).toEqual(['a partly-closed day', 'b partly-closed day']);
  });
});
