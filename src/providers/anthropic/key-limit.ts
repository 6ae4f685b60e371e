import { coversModel } from '../../core/limit/family.ts';
import { parseReset } from '../../core/limit/reset.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { minuteMs } from '../../core/time.ts';
import type { AnswerContext } from '../provider.ts';
import { excerptOf, type AnthropicError } from './error.ts';

/** The windows of an API key. https://docs.claude.com/en/api/rate-limits#response-headers */
const windows = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;
const prefix = 'anthropic-ratelimit-';

export function hasKeyLimits(headers: Headers): boolean {
  return windows.some((window) => headers.has(`${prefix}${window}-remaining`));
}

/** How full the windows of a key are. They count per model, so that the reading belongs to the model asked for. */
export function keyReadings(headers: Headers, context: AnswerContext): Signal[] {
  const signals: Signal[] = [];
  for (const window of windows) {
    const limit = amount(headers.get(`${prefix}${window}-limit`));
    const remaining = amount(headers.get(`${prefix}${window}-remaining`));
    if (limit === null || remaining === null || limit === 0) continue;
    const resetsAt = parseReset(headers.get(`${prefix}${window}-reset`), context.now);
    signals.push({ kind: 'reading', window, family: context.model, utilization: 1 - remaining / limit, resetsAt });
  }
  return signals;
}

/**
 * What a 429 of a key closes: the windows with nothing left, else the minute, for the model that the error names.
 * `Retry-After` says when to come back; a window's own reset only when it is full again, which is later.
 */
export function keyRejection(headers: Headers, error: AnthropicError | null, context: AnswerContext): Signal[] {
  const retryAfter = parseReset(headers.get('retry-after'), context.now);
  const family = modelOf(error, context.model);
  const evidence = error === null ? 'HTTP 429' : excerptOf(error.message);
  const empty = windows.filter((window) => amount(headers.get(`${prefix}${window}-remaining`)) === 0);
  const closed = (window: string, reset: number | null): Signal => {
    const until = retryAfter ?? reset;
    return { kind: 'closed', window, family, overage: false, until, evidence };
  };
  if (empty.length === 0) return [closed('minute', null)];
  return empty.map((window) => closed(window, parseReset(headers.get(`${prefix}${window}-reset`), context.now)));
}

/** A 429 that tells only when to come back, for the model that was asked for. Null when it does not even tell that. */
export function retryAfterRejection(
  headers: Headers,
  context: AnswerContext,
): { signal: Signal; brief: boolean } | null {
  const until = parseReset(headers.get('retry-after'), context.now);
  if (until === null) return null;
  const brief = until - context.now <= 2 * minuteMs;
  const window = brief ? 'minute' : 'retry_after';
  const family = context.model;
  return { brief, signal: { kind: 'closed', window, family, overage: false, until, evidence: 'Retry-After' } };
}

function modelOf(error: AnthropicError | null, asked: string | null): string | null {
  const named = /\bmodel: ([a-z0-9][a-z0-9.-]*)/.exec(error?.message ?? '')?.[1];
  return named !== undefined && coversModel(named, asked) ? named : asked;
}

function amount(text: string | null): number | null {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null;
}
