import { beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { buildAccount, captured, idOf } from '../../test/builders.ts';
import { openedBook } from '../../test/book-rig.ts';
import { mutated, mutatedAnswer, type MutatedAnswer } from '../../test/mutations.ts';
import { realAnswers, type RealAnswer } from '../../test/real-answers.ts';
import { observeClosed } from '../core/limit/observe.ts';
import type { Signal } from '../core/limit/signal.ts';
import { dayMs, secondMs } from '../core/time.ts';
import type { Ask, Provider } from './provider.ts';
import { providers } from './registry.ts';

const model = 'claude-sonnet-4-5';
const context = { model, now: captured };
let answers: RealAnswer[] = [];
let bodies: string[] = [];

beforeAll(async () => {
  answers = await realAnswers();
  bodies = answers.map(({ body }) => body);
});

const user = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] };
const reasoning = { type: 'reasoning', id: 'rs_1', encrypted_content: 'gAAAA-test' };
const requests = [
  { model, max_tokens: 100, stream: true, system: 'be brief', messages: [{ role: 'user', content: 'hi' }] },
  { model, store: false, stream: true, previous_response_id: 'resp_1', input: [user, reasoning] },
  { type: 'response.create', model, generate: false, input: [user], client_metadata: { a: 'b' } },
  { contents: [{ role: 'user', parts: [{ text: 'hi' }, { fileData: { fileUri: 'files/x' } }] }], cachedContent: 'c/1' },
].map((each) => JSON.stringify(each));

/** Whether a signal that was read out of anything at all does no harm beyond its bounds. */
function expectBounded(signals: readonly Signal[]): void {
  for (const signal of signals) {
    if (signal.kind === 'reading') expect(signal.utilization ?? 0).toBeFinite();
    if (signal.kind !== 'closed') continue;
    expect(signal.window).not.toBe('');
    expect(signal.evidence.length).toBeLessThan(400);
    const closedMs = observeClosed(idOf('a'), undefined, signal, captured).until - captured;
    expect(closedMs).toBeGreaterThanOrEqual(10 * secondMs);
    expect(closedMs).toBeLessThanOrEqual(35 * dayMs);
  }
}

/** Mostly answers of its own vendor. */
function heardBy({ id }: Provider): fc.Arbitrary<MutatedAnswer> {
  const own = mutatedAnswer(answers.filter((each) => each.provider === id));
  return fc.oneof({ weight: 3, arbitrary: own }, mutatedAnswer(answers));
}

const all = [...providers.values()].map((provider) => [provider.id, provider] as const);
const bounds = { seed: 3, numRuns: 1500 };

describe.each(all)('%s, whatever it is told,', (_, provider: Provider) => {
  test('judges an answer without a fault, and closes nothing for longer than 35 days', () => {
    let closed = 0;
    fc.assert(
      fc.property(heardBy(provider), fc.boolean(), (answer, isRead) => {
        const told = isRead ? answer : { ...answer, body: null };
        const { outcome, signals } = provider.classify(told, context);
        expect(outcome.kind).toBe(answer.status < 400 ? 'served' : 'failed');
        expectBounded(signals);
        expectBounded(provider.classify(told, { model: null, now: captured }).signals);
        closed += signals.filter(({ kind }) => kind === 'closed').length;
      }),
      bounds,
    );
    // Else the law would say nothing.
    expect(closed).toBeGreaterThan(100);
  });

  test('judges an event and the end of a stream without a fault', () => {
    fc.assert(
      fc.property(heardBy(provider), fc.string({ maxLength: 12 }), ({ body: text, headers }, name) => {
        expect(['neutral', 'content', 'failed']).toContain(provider.frameKind(name, text));
        const { outcome, signals } = provider.classifyFrame(text, { ...context, headers });
        expect(outcome.kind).toBe('failed');
        expectBounded(signals);
        expect(['complete', 'failed', 'cut']).toContain(provider.streamEnd(text));
        for (const tail of [text, text.slice(-4096), `event: ${name}\ndata: ${text}\n\n`]) {
          const data = provider.errorDataOf(tail);
          if (data !== null) expectBounded(provider.classifyFrame(data, context).signals);
          const { inputTokens, outputTokens } = provider.usageOf(tail, tail);
          for (const count of [inputTokens, outputTokens]) expect(count ?? 0).toBeGreaterThanOrEqual(0);
        }
        const paced = provider.paceError?.(text) ?? text;
        if (isJson(text)) expect(isJson(paced)).toBe(true);
        const inside = provider.errorInside(Buffer.from(text));
        if (inside !== null) expectBounded(provider.classifyFrame(inside, context).signals);
      }),
      bounds,
    );
  });

  test('reads a request without a fault, and leaves out of it what is foreign without breaking it', () => {
    const path = fc.oneof(
      fc.constantFrom('/v1/messages', '/v1/responses', '/responses', '/v1beta/models/gemini-2.5-pro:generateContent'),
      fc.webPath(),
    );
    fc.assert(
      fc.property(mutated([...requests, ...bodies]), path, fc.string({ maxLength: 20 }), (text, asked, word) => {
        const bytes = Buffer.from(text);
        const header = word.replaceAll(/[^\x20-\x7e]/g, '');
        const headers = new Headers({ authorization: `Bearer ${header}`, 'x-codex-turn-state': header });
        for (const door of provider.doors) {
          const ask: Ask = { door, method: 'POST', path: asked, search: `?alt=${encodeURIComponent(header)}` };
          provider.route(ask);
          provider.wantedOf(ask, bytes);
          provider.phantomOf(headers, ask);
          provider.bonds?.named(ask, headers, bytes);
        }
        provider.sessionOf(headers);
        provider.openingOf(bytes);
        provider.bonds?.made(headers, text);
        provider.bonds?.release(headers);
        const left = provider.withoutForeign(bytes, () => true);
        if (left !== null && isJson(text)) expect(isJson(left.toString())).toBe(true);
      }),
      bounds,
    );
  });
});

describe('what comes on a WebSocket, whatever it is,', () => {
  const speaking = [...providers.values()].flatMap(({ id, socket }) =>
    socket === undefined ? [] : [[id, socket] as const],
  );
  test.each(speaking)('is read without a fault by %s', (_, socket) => {
    fc.assert(
      fc.property(mutated([...requests, ...bodies]), (text) => {
        socket.requestOf(text);
        for (const before of [[], [text], [JSON.stringify(user)]]) {
          const replayed = socket.replay(text, before);
          if (replayed !== null && isJson(text) && before[0] !== text) expect(isJson(replayed)).toBe(true);
        }
        expect(['neutral', 'content', 'failed', 'end']).toContain(socket.kindOf(text));
        expectBounded(socket.signalsOf(text, context));
        expectBounded(socket.classify(text, context).signals);
        socket.madeOf(text);
        socket.usageOf(text);
        expect(isJson(socket.renderRefusal({ status: 429, headers: new Headers(), body: text }))).toBe(true);
      }),
      bounds,
    );
  });
});

describe('what one account is told', () => {
  test('closes no other account, whatever it is', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    opened.now = captured;
    const said = fc.sample(fc.tuple(fc.constantFrom(...providers.values()), mutatedAnswer(answers)), bounds);
    for (const [provider, answer] of said.slice(0, 400)) {
      const { signals } = provider.classify(answer, context);
      await book.observe({ account: idOf('a'), model, sentAt: opened.now, signals, served: false });
    }
    const [told, other] = [book.account(idOf('a')), book.account(idOf('b'))];
    expect(told.limits.size).toBeGreaterThan(5);
    for (const { until } of told.limits.values()) expect(until - captured).toBeLessThanOrEqual(35 * dayMs);
    expect([...other.limits]).toEqual([]);
    expect(other.account).toEqual(buildAccount('b'));
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
