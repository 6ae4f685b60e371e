// The client's upgrade: accepted by the account that accepts ours, refused as the provider or the pool refuses it.
import { describe, expect, test } from 'bun:test';
import { listenSocket, responseOf, textItem } from '../../../test/socket-upstream.ts';
import { openaiId, startSocketRig, type SocketRig } from '../../../test/socket-rig.ts';
import type { Upgrade } from '../../../test/socket-client.ts';

async function refusal(rig: SocketRig, headers?: Readonly<Record<string, string>>): Promise<Upgrade> {
  const answered = await rig.upgrade(headers);
  if ('socket' in answered) throw new Error('the upgrade was accepted');
  return answered;
}

const triesOf = (rig: SocketRig): string[] =>
  rig.records.all[0]?.tries.map(({ account, outcome }) => `${account} ${outcome}`) ?? [];

describe('an upgrade', () => {
  test.each([
    ['usage_limit', ['openai/a window', 'openai/b served']],
    ['invalid_key', ['openai/a auth', 'openai/b served']],
    ['insufficient_quota', ['openai/a billing', 'openai/b served']],
    ['internal', ['openai/a overload', 'openai/a served']],
    ['unavailable', ['openai/a overload', 'openai/a served']],
    ['cloudflare_html', ['openai/a network', 'openai/a served']],
    ['cut_before_head', ['openai/a network', 'openai/a served']],
  ] as const)('that an account refuses with %s is asked for again', async (kind, tries) => {
    await using rig = await startSocketRig();
    rig.simulator.inject({ kind, on: 'upgrade' });
    const client = await rig.connect();
    expect(triesOf(rig)).toEqual([...tries]);
    expect(client.headers.get('stint-account')).toBe(rig.records.all[0]?.account ?? '');
    expect(rig.book.account(openaiId('a')).inFlight).toBe(0);
  });

  test('that every account refuses for its limit is refused with the earliest reset, and no delay to sleep through', async () => {
    await using rig = await startSocketRig();
    rig.simulator.inject({ kind: 'usage_limit', on: 'upgrade', times: 2 });
    const { status, headers, body } = await refusal(rig);
    expect([status, headers.get('retry-after')]).toEqual([429, null]);
    const { error } = JSON.parse(body) as { error: { type: string; resets_at: number } };
    expect(error.type).toBe('usage_limit_reached');
    expect(Math.abs(error.resets_at * 1000 - rig.clock() - 3_600_000)).toBeLessThan(10_000);
    expect(rig.records.all.map(({ outcome, status: told }) => [outcome, told])).toEqual([['exhausted', 429]]);
  });

  test('that is refused as a bad request is refused in the same words, once', async () => {
    await using upstream = listenSocket({
      upgrade: () =>
        Response.json({ error: { message: 'no such model', type: 'invalid_request_error' } }, { status: 400 }),
      message: () => undefined,
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const { status, body } = await refusal(rig);
    expect([status, JSON.parse(body)]).toEqual([
      400,
      { error: { message: 'no such model', type: 'invalid_request_error' } },
    ]);
    expect(triesOf(rig)).toEqual(['openai/a request']);
  });

  test('that is answered with a redirect is not followed', async () => {
    await using target = listenSocket({ message: () => undefined });
    await using upstream = listenSocket({
      upgrade: () => Response.redirect(`${target.url}/v1/responses`, 307),
      message: () => undefined,
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    expect((await refusal(rig)).status).toBe(502);
    expect(triesOf(rig)).toEqual(['openai/a network', 'openai/a network', 'openai/b network']);
  });

  test('of an unknown phantom, or of a path that has no WebSocket, opens nothing', async () => {
    await using rig = await startSocketRig();
    expect((await refusal(rig, { authorization: 'Bearer sk-test-nobody' })).status).toBe(401);
    expect(rig.simulator.requests).toEqual([]);
  });

  test('takes the credential of the account and what the client has to say, and nothing of its connection', async () => {
    const seen: Headers[] = [];
    await using upstream = listenSocket({
      upgrade: (_, { headers }) => {
        seen.push(new Headers(headers));
        return { 'x-models-etag': 'e1', 'set-cookie': 'a=1' };
      },
      message: () => undefined,
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect({
      ...{ 'openai-beta': 'responses_websockets=2026-02-06', 'session-id': 's1', cookie: 'b=2' },
      ...{ 'chatgpt-account-id': 'of-another', 'openai-organization': 'of-another' },
    });
    const [headers = new Headers()] = seen;
    expect(headers.get('authorization')).toBe('Bearer sk-test-a');
    expect([...headers.values()].filter((value) => value.includes(rig.token))).toEqual([]);
    expect([headers.get('openai-beta'), headers.get('session-id')]).toEqual(['responses_websockets=2026-02-06', 's1']);
    for (const name of ['cookie', 'chatgpt-account-id', 'openai-organization', 'sec-websocket-extensions']) {
      expect([name, headers.get(name)]).toEqual([name, null]);
    }
    expect([client.headers.get('x-models-etag'), client.headers.get('set-cookie')]).toEqual(['e1', null]);
    expect(client.socket.extensions).toBe('');
  });

  test('is held while every account is closed, and accepted by the first that opens', async () => {
    await using rig = await startSocketRig({ accounts: ['a'], holdMs: 60_000 });
    rig.simulator.inject({ kind: 'usage_limit', on: 'upgrade', resetInSeconds: 30 });
    const closed = rig.events.next(({ kind }) => kind === 'closed');
    const connecting = rig.connect();
    await closed;
    // The hold begins when what was learnt has been decided upon and is durable.
    await new Promise((resolve) => setImmediate(resolve));
    await rig.book.journal.written();
    await new Promise((resolve) => setImmediate(resolve));
    rig.advance(31_000);
    const client = await connecting;
    expect(client.headers.get('stint-account')).toBe('openai/a');
    expect(rig.records.all[0]?.heldMs).toBeGreaterThanOrEqual(31_000);
  });

  test('whose client leaves while it is held blames nobody', async () => {
    await using rig = await startSocketRig({ accounts: ['a'], holdMs: 60_000 });
    rig.simulator.inject({ kind: 'usage_limit', on: 'upgrade', resetInSeconds: 30 });
    const closed = rig.events.next(({ kind }) => kind === 'closed');
    const leaving = new AbortController();
    const request = fetch(rig.url, {
      headers: {
        ...{ authorization: `Bearer ${rig.token}`, connection: 'Upgrade', upgrade: 'websocket' },
        ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
      },
      signal: leaving.signal,
    }).catch(() => undefined);
    await closed;
    const record = rig.records.next(() => true);
    leaving.abort();
    expect((await record).outcome).toBe('aborted');
    await request;
    expect(rig.gateway.active).toBe(0);
  });

  test('agrees on the subprotocol that the provider chooses', async () => {
    await using upstream = listenSocket({
      upgrade: () => ({ 'sec-websocket-protocol': 'second' }),
      message: (_, client) => responseOf([textItem('hi')]).forEach((message) => client.send(message)),
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect({ 'sec-websocket-protocol': 'first, second' });
    expect(client.headers.get('sec-websocket-protocol')).toBe('second');
  });
});
