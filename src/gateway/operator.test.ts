// What an operator changes while requests are under way.
import { describe, expect, test } from 'bun:test';
import { idOf, labelFrom } from '../../test/builders.ts';
import { listenHttp, readAll, startRig } from '../../test/gateway-rig.ts';
import { asPhantomId } from '../core/ids.ts';
import { savePool } from '../book/roster.ts';
import { closeLimit, openLimits } from '../book/by-hand.ts';
import { renameAccount, renamePool } from '../book/rename.ts';

const second = 1000;
const noSecret = () => Promise.resolve({ done: () => Promise.resolve(), undo: () => Promise.resolve() });

/** An upstream that answers when it is told to. */
async function gatedUpstream() {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const upstream = await listenHttp((request, response) => {
    request.resume();
    asked.resolve();
    void go.promise.then(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"type":"message","content":[]}');
    });
  });
  return Object.assign(upstream, { asked: asked.promise, go: () => go.resolve() });
}

describe('how long a request is held', () => {
  test('is what its pool says, before what its phantom may', async () => {
    await using rig = await startRig({ accounts: ['a'], pool: { holdMs: 0 }, holdMs: 60 * second });
    await closeLimit(rig.book, idOf('a'), { window: 'operator', family: null, until: rig.clock() + 20 * second });
    expect((await rig.ask({ stream: true })).status).toBe(429);
    const { pool } = rig.book.pool(labelFrom('anthropic')) ?? { pool: undefined };
    if (pool === undefined) throw new Error('there is no pool');
    await savePool(rig.book, { ...pool, holdMs: 30 * second });
    const response = await rig.ask({ stream: true, token: await rig.issue(0) });
    const body = readAll(response);
    const [phantom] = [...rig.book.state.phantoms.values()].slice(-1);
    const requests = () => rig.gateway.requestsOf(phantom?.id ?? ('' as never));
    expect(requests()).toEqual({ lastAt: expect.any(Number) as number, open: 1, held: 1 });
    expect(rig.gateway.openRequests()).toMatchObject([
      { account: null, pool: 'anthropic', streamed: true, heldUntil: expect.any(Number) as number },
    ]);
    await openLimits(rig.book, idOf('a'), () => true);
    expect((await body).text).toContain('message_stop');
    expect(rig.gateway.openRequests()).toEqual([]);
    expect(requests()).toMatchObject({ open: 0, held: 0 });
    expect(rig.gateway.requestsOf(asPhantomId('nobody'))).toEqual({ lastAt: null, open: 0, held: 0 });
  });
});

describe('a request under way', () => {
  test('is shown with its account, session and model until its last byte', async () => {
    await using upstream = await gatedUpstream();
    await using rig = await startRig({ accounts: ['a'], upstreamUrl: upstream.url });
    const since = rig.clock();
    const asked = rig.ask({ session: 'talk' });
    await upstream.asked;
    const [shown] = rig.gateway.openRequests();
    expect(shown).toMatchObject({
      ...{ account: idOf('a'), session: 'talk', pool: 'anthropic', model: 'claude-sonnet-4-5', path: '/v1/messages' },
      ...{ streamed: false, heldUntil: null },
    });
    expect(shown?.since).toBeGreaterThanOrEqual(since);
    upstream.go();
    await (await asked).arrayBuffer();
    expect(rig.gateway.openRequests()).toEqual([]);
  });

  test('ends where it was sent when its account and its pool are renamed', async () => {
    await using upstream = await gatedUpstream();
    await using rig = await startRig({ accounts: ['a'], upstreamUrl: upstream.url });
    const asked = rig.ask({ session: 'talk' });
    await upstream.asked;
    await renameAccount(rig.book, { id: idOf('a'), label: labelFrom('z') }, noSecret);
    await renamePool(rig.book, labelFrom('anthropic'), labelFrom('other'));
    expect(rig.gateway.openRequests()).toMatchObject([{ account: idOf('z'), pool: 'other' }]);
    upstream.go();
    expect((await asked).status).toBe(200);
    expect(rig.book.account(idOf('z'))).toMatchObject({ inFlight: 0, account: { standing: 'enabled' } });
    expect([...rig.book.state.sessions.values()]).toMatchObject([{ id: 'talk', pool: 'other', account: idOf('z') }]);
    expect(rig.bugs).toEqual([]);
  });
});
