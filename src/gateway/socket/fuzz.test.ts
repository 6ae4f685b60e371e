// Whatever either side says, a request ends, nothing is left in flight and nothing of ours breaks.
import { test, expect } from 'bun:test';
import fc from 'fast-check';
import { openaiId, startSocketRig } from '../../../test/socket-rig.ts';
import { listenSocket, responseOf, textItem, userItem } from '../../../test/socket-upstream.ts';

const types = [
  ...['response.created', 'response.in_progress', 'response.output_item.done', 'response.output_text.delta'],
  ...['response.completed', 'response.incomplete', 'response.failed', 'error', 'codex.rate_limits', 'keepalive'],
];
const field = fc.oneof(fc.jsonValue(), fc.record({ id: fc.string(), code: fc.string(), type: fc.string() }));
const event = fc
  .record(
    {
      ...{ type: fc.constantFrom(...types), status: fc.oneof(fc.integer(), fc.constantFrom(400, 401, 429, 500, 503)) },
      ...{ error: field, response: field, item: field, headers: field, rate_limits: field },
    },
    { requiredKeys: ['type'] },
  )
  .map((value) => JSON.stringify(value));
const message = fc.oneof({ weight: 3, arbitrary: event }, fc.string(), fc.uint8Array());
const end = fc.constantFrom('stay', 'close', 'cut');
const whole = fc.constant(responseOf([textItem('hi')]));
const asked = fc.oneof(
  fc.record(
    { type: fc.constant('response.create'), model: fc.jsonValue(), input: fc.jsonValue() },
    { requiredKeys: ['type'] },
  ),
  fc.constant({ type: 'response.create', model: 'm', input: [userItem('hi')] }),
);

test('any messages end a request and break nothing', async () => {
  const script = fc.record({
    answers: fc.oneof(whole, fc.array(message, { maxLength: 6 })),
    requests: fc.array(asked, { minLength: 1, maxLength: 3 }),
    /** How long the client stays. */
    rounds: fc.integer({ min: 1, max: 20 }),
    noise: fc.array(fc.oneof(fc.string(), fc.uint8Array()), { maxLength: 2 }),
    end,
  });
  await fc.assert(
    fc.asyncProperty(script, async ({ answers, requests, noise, rounds, end: how }) => {
      await using upstream = listenSocket({
        message: (_, client) => {
          for (const each of answers) client.send(each);
          if (how === 'close') client.close(1000);
          if (how === 'cut') client.terminate();
        },
      });
      await using rig = await startSocketRig({ upstreamUrl: upstream.url });
      const client = await rig.connect();
      for (const each of [...noise, ...requests.map((request) => JSON.stringify(request))]) client.socket.send(each);
      for (let round = 0; round < rounds && client.socket.readyState === client.socket.OPEN; round += 1) {
        const ponged = new Promise((resolve) => client.socket.once('pong', resolve));
        client.socket.ping();
        await Promise.race([ponged, client.closed]);
      }
      client.socket.terminate();
      while (rig.gateway.active > 0) await rig.records.next(() => true);
      expect(rig.bugs).toEqual([]);
      for (const label of ['a', 'b']) expect(rig.book.account(openaiId(label)).inFlight).toBe(0);
    }),
    { numRuns: 60 },
  );
});
