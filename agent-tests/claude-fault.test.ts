import { beforeAll, describe, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { greeting, nextFor, states, traffic, untroubled } from './claude-expected.ts';
import { startRig } from './claude-rig.ts';

beforeAll(() => agentExecutable('claude'), 600_000);

describe('a provider in trouble', () => {
  test('that answers 529 twice is left for the next account, and closes nothing', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'overloaded', times: 2 });
    expect(await rig.claude('hi')).toMatchObject(untroubled(greeting('b', 'hi')));
    expect(traffic(rig)).toEqual(['a 529', 'a 529', 'b 200']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('that sends an error inside a 200 before any content is asked again', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'error_event_before_content', afterPing: true });
    expect(await rig.claude('hi')).toMatchObject(untroubled(greeting('a', 'hi')));
    expect(traffic(rig)).toEqual(['a 200', 'a 200']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('that reports a limit inside a 200 before any content is left for the next account', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'error_event_before_content', credential: 'a', errorType: 'rate_limit_error' });
    expect(await rig.claude('hi')).toMatchObject(untroubled(greeting('b', 'hi')));
    expect(traffic(rig).at(-1)).toBe('b 200');
    expect(nextFor(await rig.status(), 'claude-opus-4-8')).toBe('anthropic/b');
  });

  test('that cuts a stream after three deltas costs one retry of the agent’s own, which succeeds', async () => {
    await using rig = await startRig();
    // The pause lets the agent read the deltas: met together with them, the break alone would count.
    rig.simulator.inject({ kind: 'cut_mid', afterDeltas: 3, pauseMs: 1500 });
    expect(await rig.claude('[[say:one two three four five six]]')).toMatchObject(
      untroubled('one two three four five six'),
    );
    // Content had reached the agent: nothing is sent again for it, and it asks again without streaming.
    expect(traffic(rig)).toEqual(['a 200', 'a 200 whole']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });
});

describe('a refused token', () => {
  test.each(['invalid_bearer', 'expired_token', 'revoked'] as const)(
    '(%s) takes its account out of service, and the next one serves',
    async (kind) => {
      await using rig = await startRig();
      rig.simulator.inject({ kind, credential: 'a', times: 'always' });
      expect(await rig.claude('[[steps:1]] go', '--allowedTools', 'Bash')).toMatchObject(
        untroubled(greeting('b', '[[steps:1]] go', 1)),
      );
      expect(traffic(rig)).toEqual([kind === 'revoked' ? 'a 403' : 'a 401', 'b 200', 'b 200']);
      const status = await rig.status();
      expect(states(status)).toEqual(['a needs-login', 'b open']);
      expect(status.pools[0]?.next[0]).toMatchObject({
        account: 'anthropic/b',
        skipped: [{ account: 'anthropic/a', reason: 'needs-login' }],
      });
    },
  );

  test('of every account is told to the person with the command that mends it', async () => {
    await using rig = await startRig();
    for (const label of ['a', 'b']) rig.simulator.changeCredential(label, { revoked: true });
    const run = await rig.claude('hi');
    expect(run).toMatchObject({ code: 1, result: { is_error: true, api_error_status: 403 } });
    expect(run.result.result).toBe(
      'Failed to authenticate. API Error: 403 Stint: no account of pool anthropic is logged in: ' +
        'anthropic/a needs a new credential; anthropic/b needs a new credential. ' +
        'Mend that with: stint account add anthropic a --replace',
    );
    expect(run.retries).toEqual([]);
    expect(traffic(rig)).toEqual(['a 403', 'b 403']);
    const status = await rig.status();
    expect(states(status)).toEqual(['a needs-login', 'b needs-login']);
    expect(status.pools[0]?.next).toMatchObject([{ kind: 'none', account: null }]);
  });
});
