import { describe, expect, test } from 'bun:test';
import type { ServerResponse } from 'node:http';
import { idOf } from '../../test/builders.ts';
import { listenHttp, secretOf, startRig, type Rig } from '../../test/gateway-rig.ts';

const message = { type: 'message', id: 'msg_test', content: [] };
const forbidden = (says: string) => ({ type: 'error', error: { type: 'permission_error', message: says } });

/** An upstream that answers each account as it is told. */
function answering(answers: Readonly<Record<string, [number, object]>>) {
  const byToken = new Map(Object.entries(answers).map(([label, answer]) => [`Bearer ${secretOf(label)}`, answer]));
  return listenHttp(({ headers }, response: ServerResponse) => {
    const [status, body] = byToken.get(headers.authorization ?? '') ?? [500, {}];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
}

const closedOf = ({ book }: Rig, label: string) =>
  [...(book.state.accounts.get(idOf(label))?.limits.values() ?? [])].map(({ window }) => window);

describe('a refusal of what an account may do', () => {
  test('that a second account repeats is delivered, asks no third and closes neither', async () => {
    const refusal: [number, object] = [403, forbidden('No access to this model.')];
    await using upstream = await answering({ a: refusal, b: refusal, c: [200, message] });
    await using rig = await startRig({ upstreamUrl: upstream.url, accounts: ['a', 'b', 'c'] });
    const response = await rig.ask();
    expect([response.status, await response.json()]).toEqual([...refusal] as [number, unknown]);
    expect(rig.records[0]?.tries.map(({ account }) => account)).toEqual(['anthropic/a', 'anthropic/b']);
    expect(['a', 'b'].flatMap((label) => closedOf(rig, label))).toEqual([]);
  });

  test('that a second account does not share closes the first', async () => {
    await using upstream = await answering({ a: [403, forbidden('No access.')], b: [200, message] });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    expect((await rig.ask()).status).toBe(200);
    expect([closedOf(rig, 'a'), closedOf(rig, 'b')]).toEqual([['entitlement'], []]);
  });

  test('that a second account words otherwise is each account’s own', async () => {
    await using upstream = await answering({
      a: [403, forbidden('No access to Opus.')],
      b: [403, forbidden('Your seat has no models.')],
      c: [200, message],
    });
    await using rig = await startRig({ upstreamUrl: upstream.url, accounts: ['a', 'b', 'c'] });
    expect((await rig.ask()).status).toBe(200);
    expect(['a', 'b', 'c'].map((label) => closedOf(rig, label))).toEqual([['entitlement'], ['entitlement'], []]);
  });

  test('that words tie to the account’s plan is no request’s fault: a third is asked', async () => {
    const refusal: [number, object] = [
      429,
      {
        type: 'error',
        error: { type: 'rate_limit_error', message: 'Usage credits are required for long context requests.' },
      },
    ];
    await using upstream = await answering({ a: refusal, b: refusal, c: [200, message] });
    await using rig = await startRig({ upstreamUrl: upstream.url, accounts: ['a', 'b', 'c'] });
    expect((await rig.ask()).status).toBe(200);
    expect(rig.records[0]?.tries.map(({ account }) => account)).toEqual(['anthropic/a', 'anthropic/b', 'anthropic/c']);
  });

  test('closes an account that is alone', async () => {
    await using upstream = await answering({ a: [403, forbidden('No access.')] });
    await using rig = await startRig({ upstreamUrl: upstream.url, accounts: ['a'] });
    expect((await rig.ask()).status).toBe(403);
    expect(closedOf(rig, 'a')).toEqual(['entitlement']);
  });
});
