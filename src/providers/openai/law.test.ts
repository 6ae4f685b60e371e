import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { captured } from '../../../test/builders.ts';
import type { Verdict } from '../provider.ts';
import { openai } from './openai.ts';
import { socket } from './socket.ts';

const now = captured;
const words = ['usage_limit_reached', 'rate_limit_exceeded', 'insufficient_quota', 'server_error', 'x', ''];
const value = fc.oneof(
  fc.constantFrom('True', 'False', '0', '100', '300', '-5', '1e99', '99999999999', 'NaN', '6m0s', ''),
  fc.string({ maxLength: 40 }),
  fc.double().map(String),
);
const names = [
  ...['active-limit', 'rate-limit-reached-type', 'credits-has-credits', 'bengalfox-limit-name'],
  ...['primary', 'secondary', 'bengalfox-primary'].flatMap((slot) =>
    ['used-percent', 'window-minutes', 'reset-at', 'reset-after-seconds'].map((part) => `${slot}-${part}`),
  ),
].map((name) => `x-codex-${name}`);
const others = ['retry-after', 'retry-after-ms', 'x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'];
const headers = fc.dictionary(fc.constantFrom(...names, ...others), value).map((fields) => {
  const made = new Headers();
  for (const [name, text] of Object.entries(fields)) made.set(name, text.replaceAll(/[^\x20-\x7e]/g, ''));
  return made;
});
const error = fc.record(
  {
    type: fc.constantFrom(...words),
    code: fc.oneof(fc.constantFrom(...words), fc.constant(null), fc.integer()),
    message: fc.oneof(fc.string(), fc.constantFrom('try again in 2s', 'try again in 999999999h', 'on tokens per day')),
    resets_at: fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null)),
    resets_in_seconds: fc.oneof(fc.integer(), fc.double(), fc.constant(null)),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.json(),
  fc
    .tuple(fc.constantFrom('error', 'detail', 'response'), error)
    .map(([name, inner]) => JSON.stringify({ [name]: inner })),
  fc
    .tuple(fc.constantFrom('error', 'response.failed', 'codex.rate_limits'), error, fc.jsonValue(), fc.integer())
    .map(([type, inner, rest, status]) =>
      JSON.stringify({ type, status, error: inner, response: { error: inner }, headers: rest, rate_limits: rest }),
    ),
);
const context = { model: 'gpt-5', now };

/** What an adapter may say: a time in the future or none, and of no model but the one asked for or the limit's own. */
function expectSound({ signals }: Verdict): void {
  for (const signal of signals) {
    if (signal.kind === 'closed') {
      expect(signal.window).not.toBe('');
      expect(signal.evidence.length).toBeLessThanOrEqual(160);
      if (signal.until !== null) expect(Number.isFinite(signal.until) && signal.until >= now).toBe(true);
    }
    if (signal.kind === 'reading' && signal.utilization !== null) expect(signal.utilization).toBeFinite();
  }
}

describe('whatever a provider answers', () => {
  test('an answer is judged soundly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), headers, fc.option(body), (status, head, text) => {
        expectSound(openai.classify({ status, headers: head, body: text }, context));
      }),
      { numRuns: 500 },
    );
  });

  test('an event and a message are judged soundly', () => {
    fc.assert(
      fc.property(body, headers, fc.string({ maxLength: 20 }), (text, head, name) => {
        openai.frameKind(name, text);
        expectSound(openai.classifyFrame(text, { ...context, headers: head }));
        expectSound(socket.classify(text, context));
        expectSound({ outcome: { kind: 'served' }, signals: socket.signalsOf(text, context) });
        socket.kindOf(text);
        socket.madeOf(text);
        socket.renderRefusal({ status: 500, headers: head, body: text });
      }),
      { numRuns: 500 },
    );
  });

  test('a stream’s end and a body are read without a fault', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 300 }),
        fc.constantFrom('', 'data: ', 'event: error\ndata: '),
        (text, start) => {
          const tail = `${start}${text}\n\n`;
          openai.streamEnd(tail);
          openai.errorDataOf(tail);
          openai.usageOf(text, tail);
          openai.errorInside(Buffer.from(text));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('whatever a client sends', () => {
  test('a body is read without a fault, and what is left of it without foreign reasoning still parses', () => {
    const item = fc.oneof(fc.jsonValue(), fc.constant({ type: 'reasoning', encrypted_content: 'g' }));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), fc.jsonValue(), fc.boolean(), (items, rest, spaced) => {
        const json = JSON.stringify({ input: items, rest }, null, spaced ? 1 : undefined);
        const left = openai.withoutForeign(Buffer.from(json), () => true);
        const kept = items.filter((each) => !JSON.stringify(each).includes('"encrypted_content":"g"'));
        if (left === null) expect(kept).toHaveLength(items.length);
        else expect(JSON.parse(left.toString())).toEqual(JSON.parse(JSON.stringify({ input: kept, rest })));
        openai.openingOf(Buffer.from(json));
        socket.replay(json.replace('{', '{"type":"response.create",'), []);
      }),
      { numRuns: 300 },
    );
  });

  test('any text is recognised or refused, and any bytes are read', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        openai.recognise(text);
        openai.open('plan-login', text);
        const bytes = Buffer.from(text);
        const ask = { door: 'codex', method: 'GET', path: `/${text}`, search: '' };
        openai.route(ask);
        openai.bonds?.named(ask, new Headers(), bytes);
        openai.withoutForeign(bytes, () => true);
        openai.openingOf(bytes);
        socket.requestOf(text);
        socket.replay(text, [text]);
      }),
      { numRuns: 300 },
    );
  });
});
