import { expect, test } from 'bun:test';
import { idOf } from '../../test/builders.ts';
import { listenHttp, startRig } from '../../test/gateway-rig.ts';
import { startVendorRig } from '../../test/vendor-rig.ts';
import { saveAccount } from '../book/roster.ts';
import type { Simulator } from '../simulator/anthropic/simulator.ts';

test('an account’s last place is not given away while its request waits to be sent again', async () => {
  await using rig = await startRig({ accounts: ['a'] });
  await saveAccount(rig.book, { ...rig.book.account(idOf('a')).account, maxConcurrent: 1 });
  rig.simulator.inject({ kind: 'overloaded' });
  const sent = rig.simulator.nextRequest();
  const first = rig.ask();
  await sent;
  const second = rig.ask();
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
  expect(rig.records.map(({ tries }) => tries.map(({ outcome }) => outcome))).toEqual([
    ['overload', 'served'],
    ['served'],
  ]);
  expect(rig.book.account(idOf('a')).inFlight).toBe(0);
});

test('a place is given back when its request leaves in the pause', async () => {
  const pausing = Promise.withResolvers<void>();
  const random = (): number => {
    pausing.resolve();
    return 0.999;
  };
  await using rig = await startRig({ accounts: ['a'], random });
  rig.simulator.inject({ kind: 'overloaded' });
  const client = new AbortController();
  const first = rig.ask({ signal: client.signal }).catch(() => null);
  await pausing.promise;
  const ended = rig.nextRecord();
  client.abort();
  expect((await ended).outcome).toBe('aborted');
  await first;
  expect(rig.book.account(idOf('a')).inFlight).toBe(0);
});

test('a side call’s answer does not end the probe that is out', async () => {
  const [probed, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using upstream = await listenHttp((request, response) => {
    const answer = (): void => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"id":"resp_test","object":"response","status":"completed","output":[]}');
    };
    if (request.method === 'GET') return answer();
    probed.resolve();
    void answered.promise.then(answer);
  });
  await using rig = await startVendorRig('openai key', { upstreamUrl: upstream.url, accounts: ['a'] });
  const state = rig.book.account(rig.id('a'));
  const sentAt = rig.clock();
  const limit = { window: 'requests', family: null, overage: false, until: sentAt + 3_600_000, evidence: 'a test' };
  const signals = [{ kind: 'closed', ...limit }] as const;
  await rig.book.observe({ account: rig.id('a'), model: null, sentAt, served: false, signals });
  rig.advance(3_601_000);
  const headers = { authorization: `Bearer ${rig.token}` };
  const probe = fetch(`${rig.url}/v1/responses`, { method: 'POST', headers, body: '{"model":"m","input":"hi"}' });
  await probed.promise;
  expect((await fetch(`${rig.url}/v1/models`, { headers })).status).toBe(200);
  expect(state.probeSince).not.toBeNull();
  answered.resolve();
  expect((await probe).status).toBe(200);
  expect(state.probeSince).toBeNull();
});

test('a count of tokens that a stale login is refused is sent again once that is renewed', async () => {
  await using rig = await startVendorRig('anthropic login', { accounts: ['a'] });
  (rig.simulator as Simulator).inject({ kind: 'expired_token', path: '/v1/messages/count_tokens' });
  const response = await fetch(`${rig.url}/v1/messages/count_tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.token}`, 'anthropic-version': '2023-06-01' },
    body: '{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"hi"}]}',
  });
  expect([response.status, response.headers.get('stint-tries')]).toEqual([200, '2']);
  expect(rig.records.all[0]?.tries.map(({ outcome }) => outcome)).toEqual(['auth', 'served']);
});
