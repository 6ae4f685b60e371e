import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { captured } from '../../../test/builders.ts';
import { google } from './google.ts';

const context = { model: 'gemini-2.5-pro', now: captured };
const word = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'RESOURCE_EXHAUSTED',
    'QUOTA_EXHAUSTED',
    '1h0m0s',
    '-5s',
    '9e99s',
    'PerDay',
    'limit: 0',
    'gemini-2.5-pro',
  ),
);
const field = fc.constantFrom(
  'error',
  'code',
  'status',
  'message',
  'details',
  '@type',
  'reason',
  'metadata',
  'violations',
);
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    word,
    fc.integer(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(field, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const detail = fc.record({
  '@type': fc.constantFrom(
    ...['ErrorInfo', 'RetryInfo', 'QuotaFailure'].map((each) => `type.googleapis.com/google.rpc.${each}`),
  ),
  reason: fc.oneof(word, value),
  retryDelay: fc.oneof(word, value),
  metadata: fc.oneof(
    fc.dictionary(fc.constantFrom('model', 'quota_limit', 'quotaResetDelay', 'quotaResetTimeStamp'), word),
    value,
  ),
  violations: fc.oneof(fc.array(fc.record({ quotaId: fc.oneof(word, value), quotaDimensions: value })), value),
});
const error = fc.record({
  code: fc.oneof(fc.integer(), value),
  status: word,
  message: word,
  details: fc.oneof(fc.array(detail), value),
});
const body = fc.oneof(
  fc.string(),
  value.map((each) => JSON.stringify(each)),
  error.map((each) => JSON.stringify({ error: each })),
  error.map((each) => `[${JSON.stringify({ error: each })}]`),
);
const header = fc.dictionary(fc.constantFrom('retry-after', 'content-type', 'x-a'), fc.stringMatching(/^[ -~]{0,20}$/));

test('no answer makes the adapter throw, and what it closes has an end or none', () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), header, body, (status, headers, text) => {
      const { outcome, signals } = google.classify({ status, headers: new Headers(headers), body: text }, context);
      expect(outcome.kind).toBe(status < 400 ? 'served' : 'failed');
      for (const each of signals) {
        if (each.kind !== 'closed' || each.until === null) continue;
        expect(each.until).toBeGreaterThanOrEqual(captured);
        expect(each.evidence.length).toBeLessThanOrEqual(160);
      }
    }),
  );
});

test('no event or tail makes the adapter throw', () => {
  fc.assert(
    fc.property(body, fc.string(), (text, noise) => {
      const tail = `${noise}data: ${text}\r\n\r\n`;
      expect(['neutral', 'content', 'failed']).toContain(google.frameKind('', text));
      expect(google.classifyFrame(text, context).outcome.kind).toBe('failed');
      expect(['complete', 'failed', 'cut']).toContain(google.streamEnd(tail));
      google.usageOf(tail, tail);
      google.openingOf(Buffer.from(text));
      google.errorInside(Buffer.from(text));
      expect(google.recognise(text)).toBeDefined();
    }),
  );
});
