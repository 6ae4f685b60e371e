import { expect, test } from 'bun:test';
import type { ServerResponse } from 'node:http';
import { idOf } from '../../test/builders.ts';
import { listenHttp, startRig } from '../../test/gateway-rig.ts';
import { startVendorRig } from '../../test/vendor-rig.ts';
import type { BookStore } from '../book/ports.ts';
import type { Signal } from '../core/limit/signal.ts';
import type { EpochMs } from '../core/time.ts';

const holdMs = 60_000;
const closedUntil = (until: EpochMs): Signal => ({
  kind: 'closed',
  window: 'minute',
  family: null,
  overage: false,
  until,
  evidence: 'a test',
});

test('a held client that leaves while its answer is written down leaves nothing behind', async () => {
  const [saving, saved, left] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  await using upstream = await listenHttp((_, response) => {
    response.on('close', left.resolve);
    startMessage(response);
  });
  let isSlow = false;
  const wrapStore = (store: BookStore): BookStore => ({
    ...store,
    saveLimits: async (limits) => {
      if (isSlow) {
        saving.resolve();
        await saved.promise;
      }
      await store.saveLimits(limits);
    },
  });
  await using rig = await startRig({ upstreamUrl: upstream.url, accounts: ['a'], holdMs, wrapStore });
  const account = idOf('a');
  const signals = [closedUntil(rig.clock() + 20_000)];
  await rig.book.observe({ account, model: null, sentAt: rig.clock(), served: false, signals });
  const client = new AbortController();
  await rig.ask({ stream: true, signal: client.signal });
  const ended = rig.nextRecord();
  isSlow = true;
  rig.advance(21_000);
  await saving.promise;
  client.abort();
  expect((await ended).outcome).toBe('aborted');
  saved.resolve();
  await left.promise;
  expect([rig.book.account(account).inFlight, rig.gateway.active]).toEqual([0, 0]);
});

test('an answer in one piece after a hold is told as the provider’s failure to a client that reads events', async () => {
  await using upstream = await listenHttp((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"id":"resp_test","object":"response","status":"completed","output":[]}');
  });
  await using rig = await startVendorRig('openai key', { upstreamUrl: upstream.url, accounts: ['a'], holdMs });
  const signals = [closedUntil(rig.clock() + 20_000)];
  await rig.book.observe({ account: rig.id('a'), model: null, sentAt: rig.clock(), served: false, signals });
  const response = await fetch(`${rig.url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.token}` },
    body: '{"model":"m","stream":true,"input":"hi"}',
  });
  const ended = rig.records.next(() => true);
  rig.advance(21_000);
  const text = await response.text();
  expect(text).toContain('response.failed');
  expect(text).toContain('answered in one piece what was asked for as a stream');
  expect((await ended).outcome).toBe('upstream');
});

function startMessage(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('event: message_start\ndata: {"type":"message_start","message":{}}\n\n');
  response.write(
    'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}\n\n',
  );
}
