import { beforeAll, describe, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { greeting, nextFor, states, traffic, untroubled } from './claude-expected.ts';
import { startRig } from './claude-rig.ts';

beforeAll(() => agentExecutable('claude'), 600_000);

describe('Claude Code on a pool', () => {
  test('has a plain turn on the first account', async () => {
    await using rig = await startRig();
    const run = await rig.claude('hi');
    expect(run).toMatchObject(untroubled(greeting('a', 'hi')));
    expect(traffic(rig)).toEqual(['a 200']);
    expect(rig.simulator.requests).toEqual(rig.seen());
    expect(rig.seen()[0]).toMatchObject({
      sessionId: run.sessions[0],
      headers: { 'anthropic-beta': expect.stringContaining('oauth-2025-04-20') },
    });
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
    expect(await rig.sessions()).toMatchObject([{ id: run.sessions[0], account: 'anthropic/a', moves: 0 }]);
  });

  test('has a turn with a tool call', async () => {
    await using rig = await startRig();
    const run = await rig.claude('[[steps:1]] go', '--allowedTools', 'Bash');
    expect(run).toMatchObject(untroubled(greeting('a', '[[steps:1]] go', 1)));
    expect(run.toolResults).toEqual(['step 1']);
    expect(traffic(rig)).toEqual(['a 200', 'a 200']);
    expect(await rig.status()).toMatchObject({
      sessions: 1,
      accounts: [{ state: 'open', inFlight: 0, windows: [{ window: 'five_hour', utilization: 0.1 }, {}] }, {}],
    });
  });

  test('shows in status how full the account is that served', async () => {
    await using rig = await startRig();
    await rig.claude('hi');
    const { accounts } = await rig.status();
    expect(accounts.map(({ windows }) => windows.length)).toEqual([2, 0]);
    expect(accounts[0]?.windows).toMatchObject([
      { window: 'five_hour', utilization: 0.1 },
      { window: 'seven_day', utilization: 0.31 },
    ]);
  });
});

describe('the five-hour limit of an account in the middle of a turn', () => {
  test('moves the conversation to the next account, and the agent sees nothing of it', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'five_hour', credential: 'a', times: 'always', skip: 1 });
    const run = await rig.claude('[[steps:3]] go', '--allowedTools', 'Bash');
    expect(run).toMatchObject(untroubled(greeting('b', '[[steps:3]] go', 3)));
    expect(run.toolResults).toEqual(['step 1', 'step 2', 'step 3']);
    expect(run.sessions).toHaveLength(1);
    expect(traffic(rig)).toEqual(['a 200', 'a 429', 'b 200', 'b 200', 'b 200']);
    expect(new Set(rig.seen().map(({ sessionId }) => sessionId))).toEqual(new Set(run.sessions));
    const status = await rig.status();
    expect(states(status)).toEqual(['a closed five_hour', 'b open']);
    expect(nextFor(status, null)).toBe('anthropic/b');
    expect(status.pools[0]?.next[0]?.skipped).toMatchObject([
      { account: 'anthropic/a', reason: 'closed', window: 'five_hour' },
    ]);
    expect(await rig.sessions()).toMatchObject([{ id: run.sessions[0], account: 'anthropic/b', moves: 1 }]);
  });
});

describe('a limit on one model', () => {
  test('moves that model and leaves a conversation of another where it is', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'seven_day_opus', credential: 'a', model: 'opus', times: 'always' });
    const sonnet = await rig.claude('hi', '--model', 'sonnet');
    const opus = await rig.claude('hi', '--model', 'opus');
    const again = await rig.claude('[[say:still here]]', '--model', 'sonnet', '--resume', sonnet.sessions[0] ?? '');
    expect([sonnet, opus, again].flatMap(({ trouble }) => trouble)).toEqual([]);
    expect([sonnet, opus, again].map(({ result }) => result.result)).toEqual([
      greeting('a', 'hi'),
      greeting('b', 'hi'),
      'still here',
    ]);
    expect(
      rig.seen().map(({ credential, model, status }) => `${credential} ${model?.split('-')[1]} ${status}`),
    ).toEqual(['a sonnet 200', 'a opus 429', 'b opus 200', 'a sonnet 200']);
    const status = await rig.status();
    expect(states(status)).toEqual(['a partly-closed seven_day_opus', 'b open']);
    expect(nextFor(status, 'opus')).toBe('anthropic/b');
    expect(status.pools[0]?.next.find(({ model }) => model === null)?.skipped).toEqual([]);
  });
});
