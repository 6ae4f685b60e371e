import { describe, expect, test } from 'bun:test';
import { idOf, labelFrom } from '../../test/builders.ts';
import { errorOf, listenHttp, readAll, secretOf, startRig, type Rig } from '../../test/gateway-rig.ts';
import { asSessionId } from '../core/ids.ts';
import { hourMs } from '../core/time.ts';

describe('a session', () => {
  test('stays on its account while that is open, whatever others do', async () => {
    await using rig = await startRig();
    expect(await servedBy(rig, { session: 'one' })).toBe('a');
    rig.simulator.inject({ kind: 'overloaded', times: 2 });
    expect(await servedBy(rig, { session: 'two' })).toBe('b');
    expect(await servedBy(rig, { session: 'one' })).toBe('a');
    expect(await servedBy(rig, { session: 'two' })).toBe('b');
    expect(await servedBy(rig, { session: 'three' })).toBe('a');
    expect(rig.book.state.sessions.get(asSessionId('two'))).toMatchObject({ account: 'anthropic/b', moves: 1 });
  });

  test('moves when its account closes, and does not move back when that opens', async () => {
    await using rig = await startRig();
    expect(await servedBy(rig, { session: 'one' })).toBe('a');
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 60 });
    expect(await servedBy(rig, { session: 'one' })).toBe('b');
    rig.advance(61_000);
    expect(await servedBy(rig, { session: 'one' })).toBe('b');
  });

  test('of a client that names none is told by its opening', async () => {
    await using rig = await startRig();
    for (const prompt of ['one', 'two', 'one']) await rig.ask({ prompt });
    const [one, two, again] = rig.records.map(({ session }) => session);
    expect(one).toMatch(/^opening:[0-9a-f]{16}$/);
    expect(again).toBe(one as string);
    expect(two).not.toBe(one as string);
    expect([...rig.book.state.sessions.keys()].map(String)).toEqual([one, two] as string[]);
  });

  test('of a client that names none is that of its phantom alone', async () => {
    await using rig = await startRig();
    const other = await rig.issue(0);
    await rig.ask();
    await rig.ask({ token: other });
    const [one, two] = rig.records.map(({ session }) => session);
    expect(two).not.toBe(one as string);
  });

  test('of a request without an opening is its phantom', async () => {
    await using rig = await startRig();
    await rig.ask({ body: '{}' });
    expect(rig.records[0]?.session).toMatch(/^phantom:[0-9a-f]{16}$/);
  });

  test.each([
    ['round-robin', ['a', 'b', 'c', 'a']],
    ['sticky', ['a', 'a', 'a', 'a']],
    ['priority', ['a', 'a', 'a', 'a']],
  ] as const)('is given an account by the strategy %s', async (strategy, served) => {
    await using rig = await startRig({ accounts: ['a', 'b', 'c'], pool: { strategy } });
    const got: (string | undefined)[] = [];
    for (const session of ['one', 'two', 'three', 'four']) got.push(await servedBy(rig, { session }));
    expect(got).toEqual([...served]);
  });

  test('of a pool that is pinned uses the pinned account alone', async () => {
    await using rig = await startRig({ pool: { pinned: idOf('b') } });
    expect(await servedBy(rig, {})).toBe('b');
    rig.simulator.inject({ kind: 'five_hour' });
    const response = await rig.ask();
    expect(response.status).toBe(429);
    expect((await errorOf(response)).message).toContain('anthropic/a not the pinned account');
    expect(rig.sends()).toEqual(['b', 'b']);
  });
});

describe('an account that goes on for extra money', () => {
  const used = [{ name: 'five_hour' as const, used: 'all' as const, limit: 1 }];

  test('is closed by the policy forbid, once it has told so', async () => {
    await using rig = await startRig();
    rig.simulator.changeCredential('a', { overage: 'allowed', windows: used });
    expect(await servedBy(rig, {})).toBe('a');
    expect(await servedBy(rig, {})).toBe('b');
    expect([...(rig.book.state.accounts.get(idOf('a'))?.limits.keys() ?? [])]).toEqual(['five_hour|*|overage']);
  });

  test('and is the last one leaves the pool exhausted under forbid', async () => {
    await using rig = await startRig({ accounts: ['a'] });
    rig.simulator.changeCredential('a', { overage: 'allowed', windows: used });
    expect(await servedBy(rig, {})).toBe('a');
    const response = await rig.ask();
    expect(response.status).toBe(429);
    expect((await errorOf(response)).message).toContain('anthropic/a would bill overage (five_hour)');
    expect(rig.events.map(({ kind }) => kind)).toEqual(['closed', 'exhausted']);
    // The window is new and used up again at once: served for money once more, the pool has not recovered.
    rig.advance(5 * hourMs + 2000);
    const resetAt = rig.clock() + 5 * hourMs;
    rig.simulator.changeCredential('a', { windows: [{ name: 'five_hour', used: 'all', resetAt }] });
    expect(await servedBy(rig, {})).toBe('a');
    expect(rig.events.map(({ kind }) => kind)).not.toContain('recovered');
    rig.advance(5 * hourMs + 2000);
    expect(await servedBy(rig, {})).toBe('a');
    expect(rig.events.at(-1)).toMatchObject({ kind: 'recovered' });
  });

  test('is used like any other by the policy allow', async () => {
    await using rig = await startRig({ pool: { overage: 'allow' } });
    rig.simulator.changeCredential('a', { overage: 'allowed', windows: used });
    for (let turn = 0; turn < 3; turn += 1) expect(await servedBy(rig, {})).toBe('a');
    expect(rig.events.map(({ kind }) => kind)).toEqual(['closed']);
  });

  test('is used by the policy last when every other is closed', async () => {
    await using rig = await startRig({ pool: { overage: 'last' } });
    rig.simulator.changeCredential('a', { overage: 'allowed', windows: used });
    expect(await servedBy(rig, {})).toBe('a');
    expect(await servedBy(rig, {})).toBe('b');
    rig.simulator.inject({ kind: 'five_hour', credential: 'b' });
    expect(await servedBy(rig, {})).toBe('a');
    expect(await servedBy(rig, {})).toBe('a');
  });

  test.each(['spend_cap', 'out_of_credits'] as const)('is closed when that is over: %s', async (kind) => {
    await using rig = await startRig({ pool: { overage: 'allow' } });
    rig.simulator.inject({ kind });
    expect(await servedBy(rig, {})).toBe('b');
    expect([...(rig.book.state.accounts.get(idOf('a'))?.limits.keys() ?? [])]).toEqual(['five_hour|*|closed']);
  });
});

describe('a long limit that has run out', () => {
  test('is probed by one request, whose head opens the account for those that wait', async () => {
    await using rig = await startRig({ accounts: ['a'], scenario: { deltaDelayMs: 5 } });
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 3600 });
    expect((await rig.ask()).status).toBe(429);
    rig.advance(3_601_000);
    rig.simulator.inject({ kind: 'hang_before_head' });
    const client = new AbortController();
    const probing = rig.simulator.nextRequest();
    const probe = rig.ask({ session: 'probe', signal: client.signal }).catch(() => 'aborted');
    await probing;
    const others = ['one', 'two', 'three'].map((session) => rig.ask({ session, stream: true }));
    expect((await rig.ask({ method: 'HEAD', path: '/' })).status).toBe(200);
    expect(rig.sends()).toHaveLength(2);
    client.abort();
    expect(await probe).toBe('aborted');
    for (const other of others) expect((await readAll(await other)).broken).toBe(false);
    expect(rig.records.filter(({ queuedMs }) => queuedMs > 0).length).toBeGreaterThan(0);
  });

  test('lets the others go with the head of the probe, before its content', async () => {
    await using rig = await startRig({ accounts: ['a'] });
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 3600 });
    expect((await rig.ask()).status).toBe(429);
    rig.advance(3_601_000);
    rig.simulator.inject({ kind: 'stall_mid', afterDeltas: 0 });
    const client = new AbortController();
    const probing = rig.simulator.nextRequest();
    const probe = rig.ask({ stream: true, signal: client.signal }).catch(() => 'aborted');
    await probing;
    expect(await servedBy(rig, { session: 'other' })).toBe('a');
    expect(rig.records.at(-1)?.queuedMs).toBeLessThan(1000);
    client.abort();
    expect(await probe).toBe('aborted');
  });

  test('sends others to other accounts meanwhile', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 3600 });
    await rig.ask({ session: 'one' });
    rig.advance(3_601_000);
    rig.simulator.inject({ kind: 'hang_before_head', credential: 'a' });
    const state = rig.book.state.pools.get(labelFrom('anthropic'));
    if (state !== undefined) state.current = idOf('a');
    const client = new AbortController();
    const probing = rig.simulator.nextRequest();
    const probe = rig.ask({ session: 'probe', signal: client.signal }).catch(() => 'aborted');
    await probing;
    expect(await servedBy(rig, { session: 'two' })).toBe('b');
    client.abort();
    await probe;
    expect(rig.sends()).toEqual(['a', 'b', 'a', 'b']);
  });
});

describe('the log', () => {
  test('has one record per request, with its tries and tokens and without a secret', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'five_hour' });
    const ended = rig.nextRecord();
    await readAll(await rig.ask({ stream: true, session: 'one', prompt: 'a word of the prompt' }));
    expect(await ended).toMatchObject({
      provider: 'anthropic',
      pool: 'anthropic',
      session: 'one',
      path: '/v1/messages',
      model: 'claude-sonnet-4-5',
      streamed: true,
      account: 'anthropic/b',
      tries: [
        { account: 'anthropic/a', outcome: 'window' },
        { account: 'anthropic/b', outcome: 'served' },
      ],
      status: 200,
      outcome: 'served',
      heldMs: 0,
    });
    const [record] = rig.records;
    expect(record?.inputTokens).toBeGreaterThan(0);
    expect(record?.outputTokens).toBeGreaterThan(0);
    rig.simulator.changeCredential('b', { revoked: true });
    await rig.ask({ token: await rig.issue(0), path: '/v1/messages?key=sk-ant-api03-test-query' });
    const text = JSON.stringify([rig.records, rig.events]);
    for (const secret of [secretOf('a'), secretOf('b'), rig.token, 'sk-ant-api03-test-query', 'a word of the prompt']) {
      expect(text).not.toContain(secret);
    }
    expect(rig.records).toHaveLength(2);
  });

  test('has no secret either that a provider repeats in its error', async () => {
    await using upstream = await listenHttp((request, response) => {
      const { authorization } = request.headers;
      const error = {
        type: 'authentication_error',
        message: `bad header Authorization: ${authorization} (${authorization?.slice(7)})`,
      };
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ type: 'error', error }));
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    const answer = await (await rig.ask()).text();
    const kept = [...rig.book.state.accounts.values()].map(({ account }) => account);
    const text = JSON.stringify([rig.records, rig.events, kept, answer]);
    expect(text).toContain('bad header Authorization');
    for (const label of ['a', 'b']) expect(text).not.toContain(secretOf(label));
  });
});

async function servedBy(rig: Rig, ask: { session?: string }): Promise<string | undefined> {
  const response = await rig.ask(ask);
  expect(response.status).toBe(200);
  return response.headers.get('stint-account')?.slice('anthropic/'.length);
}

describe('a pool of profiles', () => {
  test('serves nobody in the gateway, and says so', async () => {
    await using rig = await startRig({ kind: 'profile', holdMs: 240_000 });
    const response = await rig.ask();
    expect(response.status).toBe(403);
    expect((await errorOf(response)).message).toBe(
      'Stint: no account of pool anthropic can serve /v1/messages (it has: profile). Add another kind with: stint account add anthropic work',
    );
    expect(rig.sends()).toEqual([]);
  });
});
