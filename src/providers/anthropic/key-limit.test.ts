import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import { classify } from './classify.ts';

const now = captured;
const model = 'claude-sonnet-4-5';
const accountLimit = "This request would exceed your account's rate limit. Please try again later.";
const overLimit =
  "This request would exceed your organization's rate limit of 50,000 input tokens per minute (org: 0a1b2c3d-0000-4000-8000-000000000001, model: claude-sonnet-4-5). For details, refer to: https://docs.claude.com/en/api/rate-limits.";

const errorBody = (message: string) => JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message } });

const served = (headers: Record<string, string>) =>
  classify({ status: 200, headers: new Headers(headers), body: null }, { model, now });

describe('the limits of an API key', () => {
  const tokens = {
    'anthropic-ratelimit-input-tokens-limit': '50000',
    'anthropic-ratelimit-input-tokens-remaining': '0',
    'anthropic-ratelimit-input-tokens-reset': '2026-11-21T00:55:20Z',
    'anthropic-ratelimit-output-tokens-limit': '10000',
    'anthropic-ratelimit-output-tokens-remaining': '10000',
    'anthropic-ratelimit-output-tokens-reset': '2026-11-21T00:55:20Z',
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-remaining': '49',
    'anthropic-ratelimit-requests-reset': '2026-11-21T00:55:30Z',
    'retry-after': '7',
  };
  const closedBy = (headers: Record<string, string>, body = errorBody(overLimit), asked: string | null = model) => {
    const verdict = classify({ status: 429, headers: new Headers(headers), body }, { model: asked, now });
    expect(verdict.outcome).toMatchObject({ kind: 'failed', fault: 'throttle' });
    return verdict.signals.flatMap((each) => (each.kind === 'closed' ? [[each.window, each.family, each.until]] : []));
  };

  const withoutRetryAfter = { ...tokens, 'retry-after': '' };

  test('close the window with nothing left, for the model, until Retry-After: by its reset it is full again', () => {
    expect(closedBy(tokens)).toEqual([['input-tokens', model, now + 7000]]);
  });

  test('close every window with nothing left', () => {
    expect(closedBy({ ...tokens, 'anthropic-ratelimit-requests-remaining': '0' })).toEqual([
      ['requests', model, now + 7000],
      ['input-tokens', model, now + 7000],
    ]);
  });

  test('close each window until its own reset when Retry-After is of no use', () => {
    expect(closedBy({ ...withoutRetryAfter, 'anthropic-ratelimit-requests-remaining': '0' })).toEqual([
      ['requests', model, now + 31_000],
      ['input-tokens', model, now + 21_000],
    ]);
  });

  test('close a window without an end when neither is of use', () => {
    const past = { ...withoutRetryAfter, 'anthropic-ratelimit-input-tokens-reset': '2026-11-21T00:54:00Z' };
    expect(closedBy(past)).toEqual([['input-tokens', model, null]]);
  });

  test('close the minute until Retry-After when every window has something left', () => {
    expect(closedBy({ ...tokens, 'anthropic-ratelimit-input-tokens-remaining': '12' })).toEqual([
      ['minute', model, now + 7000],
    ]);
  });

  test.each([
    ['the model of the message', overLimit, 'claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['the model that was asked for, when the message names another', overLimit, 'claude-opus-4-8', 'claude-opus-4-8'],
    ['the model that was asked for, when the message names none', accountLimit, 'claude-opus-4-8', 'claude-opus-4-8'],
    ['every model, when none is known', accountLimit, null, null],
  ])('close %s', (...[, message, asked, family]) => {
    expect(closedBy(tokens, errorBody(message), asked)[0]?.[1]).toBe(family);
  });

  test('are read from a good answer, and close nothing there', () => {
    const { outcome, signals } = served(tokens);
    expect(outcome).toEqual({ kind: 'served' });
    expect(signals).toEqual([
      { kind: 'reading', window: 'requests', family: model, utilization: 1 - 49 / 50, resetsAt: now + 31_000 },
      { kind: 'reading', window: 'input-tokens', family: model, utilization: 1, resetsAt: now + 21_000 },
      { kind: 'reading', window: 'output-tokens', family: model, utilization: 0, resetsAt: now + 21_000 },
    ]);
  });

  test('are not read from amounts that are none', () => {
    const hostile = {
      'anthropic-ratelimit-requests-limit': '0',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-input-tokens-limit': '50',
      'anthropic-ratelimit-input-tokens-remaining': '-5',
      'anthropic-ratelimit-tokens-limit': 'NaN',
      'anthropic-ratelimit-tokens-remaining': '1e9',
    };
    expect(served(hostile).signals).toEqual([]);
  });
});
