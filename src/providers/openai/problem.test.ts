import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import { readFrame } from '../../lib/sse.ts';
import { Problem, problemCodes } from '../../core/problem.ts';
import type { HeldStream } from '../provider.ts';
import { classify, classifyErrorEvent } from './classify.ts';
import { keepAliveFrame, renderErrorFrame, renderProblem, renderProblemFrame, renderSocketProblem } from './problem.ts';
import { frameKind } from './stream.ts';

const now = captured;
const words = 'Stint: every account of pool main is closed; the first opens in 2h (14:05 CET). openai/a closed – 2 h.';
const exhausted = new Problem('exhausted', words, { retryAt: now + 7_200_000 });
const stream = (path: string): HeldStream => ({
  ask: { door: 'openai', method: 'POST', path, search: '' },
  framing: 'sse',
  now,
});
const responses = stream('/v1/responses');
const chat = stream('/v1/chat/completions');
const eventOf = (frame: string) => {
  const bytes = Buffer.from(frame);
  const read = readFrame(bytes, 0);
  expect(read?.end).toBe(bytes.length);
  return {
    name: read?.name ?? '',
    data: JSON.parse(read?.data ?? '') as { response: { error: object }; error: object },
  };
};

describe('a closed pool', () => {
  test('is the limit at which Codex stops at once, with its reset and our words', () => {
    const { status, headers, body } = renderProblem(exhausted, now);
    expect(status).toBe(429);
    expect(JSON.parse(body)).toEqual({
      error: {
        message: words,
        type: 'usage_limit_reached',
        param: null,
        code: 'usage_limit_reached',
        resets_at: now / 1000 + 7200,
        resets_in_seconds: 7200,
      },
    });
    expect(headers).toEqual({
      'content-type': 'application/json',
      'x-codex-promo-message':
        'Stint: every account of pool main is closed; the first opens in 2h (14:05 CET). openai/a closed 2 h',
      'x-should-retry': 'false',
    });
  });

  test('without a reset tells none', () => {
    const { body } = renderProblem(new Problem('exhausted', 'Stint: closed.'), now);
    expect(body).not.toContain('resets');
  });

  test('is understood by the next gateway', () => {
    const { status, headers, body } = renderProblem(exhausted, now);
    const verdict = classify({ status, headers: new Headers(headers), body }, { model: null, now });
    expect(verdict.outcome).toMatchObject({ fault: 'window' });
    expect(verdict.signals).toMatchObject([{ window: 'usage_limit', until: now + 7_200_000 }]);
  });

  test('ends a held stream with our words, in the form that Codex repeats and does not try again', () => {
    const { name, data } = eventOf(renderProblemFrame(exhausted, responses));
    expect(name).toBe('response.failed');
    expect(data).toMatchObject({
      type: 'response.failed',
      response: { object: 'response', status: 'failed', error: { code: 'invalid_prompt', message: words } },
    });
  });

  test('ends a held chat with an error that its clients throw', () => {
    const { name, data } = eventOf(renderProblemFrame(exhausted, chat));
    expect([name, data.error]).toMatchObject(['', { message: words, code: 'usage_limit_reached' }]);
  });

  test('ends a request on a WebSocket with a status', () => {
    expect(JSON.parse(renderSocketProblem(exhausted, now))).toMatchObject({
      type: 'error',
      status: 429,
      error: { type: 'usage_limit_reached', message: words, resets_in_seconds: 7200 },
      headers: { 'x-codex-promo-message': expect.stringContaining('Stint: every account') },
    });
  });
});

describe('a problem', () => {
  test.each(problemCodes)('%s is a JSON error with our words and what to do next', (code) => {
    const problem = new Problem(code, 'Stint: no account is logged in.', { hint: 'See: stint status' });
    const { status, headers, body } = renderProblem(problem, now);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body)).toMatchObject({ error: { message: 'Stint: no account is logged in. See: stint status' } });
  });

  test('that only a person can mend is a status at which Codex stops', () => {
    const problem = new Problem('forbidden', 'Stint: no account is logged in.');
    expect(renderProblem(problem, now).status).toBe(400);
    expect(JSON.parse(renderSocketProblem(problem, now))).toMatchObject({
      type: 'response.failed',
      response: { error: { code: 'invalid_prompt', message: 'Stint: no account is logged in.' } },
    });
  });

  test.each<['exhausted' | 'unavailable', number, string | undefined]>([
    ['exhausted', 2000, undefined],
    ['unavailable', 2000, '2'],
    ['unavailable', 3_600_000, undefined],
  ])('%s in %d ms has a Retry-After of %p: Codex sleeps for the whole of it', (code, waitMs, retryAfter) => {
    const { headers } = renderProblem(new Problem(code, 'x', { retryAt: now + waitMs }), now);
    expect(headers['retry-after']).toBe(retryAfter as string);
  });

  test('that passes is one that Codex tries again', () => {
    const problem = new Problem('unavailable', 'Stint: stopping.');
    expect(eventOf(renderProblemFrame(problem, responses)).data.response.error).toMatchObject({ code: 'server_error' });
    expect(JSON.parse(renderSocketProblem(problem, now))).toMatchObject({ type: 'error', status: 503 });
  });
});

describe('an error of the provider that ends a held stream', () => {
  const body = (fields: object) => JSON.stringify({ error: fields });

  test.each<[string, number, string, object]>([
    [
      'keeps its code',
      400,
      body({ message: 'Too long.', code: 'context_length_exceeded' }),
      { code: 'context_length_exceeded', message: 'Too long.' },
    ],
    [
      'of the request is final',
      400,
      body({ message: 'Unknown parameter.', code: null }),
      { code: 'invalid_prompt', message: 'Unknown parameter.' },
    ],
    ['of the server is not', 503, body({ message: 'Busy.', code: null }), { code: 'server_error', message: 'Busy.' }],
    [
      'of the backend',
      400,
      '{"detail":"Stream must be set to true"}',
      { code: 'invalid_prompt', message: 'Stream must be set to true' },
    ],
    ['without words', 500, '{}', { code: 'server_error', message: 'HTTP 500' }],
  ])('%s', (...[, status, text, error]) => {
    const { name, data } = eventOf(renderErrorFrame({ status, body: text }, responses));
    expect([name, data.response.error]).toMatchObject(['response.failed', error]);
    expect(frameKind(name, JSON.stringify(data))).toBe('failed');
    expect(eventOf(renderErrorFrame({ status, body: text }, chat)).data.error).toMatchObject({
      message: (error as { message: string }).message,
    });
    expect(classifyErrorEvent(JSON.stringify(data), { model: null, now }).outcome.kind).toBe('failed');
  });
});

describe('a keep-alive', () => {
  test('of Responses is an event, which Codex counts and ignores', () => {
    const { data } = eventOf(keepAliveFrame(responses.ask));
    expect(frameKind('', JSON.stringify(data))).toBe('neutral');
  });

  test('of a chat is a comment, which its clients skip', () => {
    expect(keepAliveFrame(chat.ask)).toBe(': keep-alive\n\n');
  });
});
