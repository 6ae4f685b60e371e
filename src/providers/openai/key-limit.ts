import { coversModel } from '../../core/limit/family.ts';
import { parseReset } from '../../core/limit/reset.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { minuteMs, type EpochMs } from '../../core/time.ts';
import type { AnswerContext } from '../provider.ts';
import { excerptOf, type OpenAiError } from './error.ts';

type Closed = Extract<Signal, { kind: 'closed' }>;

/** The windows of an API key. https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
const windows = ['requests', 'tokens', 'project-tokens'] as const;
const prefix = 'x-ratelimit-';

/** From this length on a limit is no matter of a minute: requests or tokens per day. */
const longestBriefMs = 2 * minuteMs;

/** How full the windows of a key are. They count per model, so that the reading belongs to the model asked for. */
export function keyReadings(headers: Headers, context: AnswerContext): Signal[] {
  const signals: Signal[] = [];
  for (const window of windows) {
    const limit = amount(headers.get(`${prefix}limit-${window}`));
    const remaining = amount(headers.get(`${prefix}remaining-${window}`));
    if (limit === null || remaining === null || limit === 0) continue;
    const resetsAt = parseReset(headers.get(`${prefix}reset-${window}`), context.now);
    signals.push({ kind: 'reading', window, family: context.model, utilization: 1 - remaining / limit, resetsAt });
  }
  return signals;
}

/** A limit of an API key: what it closes, and whether it is over so soon that it is only a throttle. */
export type KeyRejection = { readonly brief: boolean; readonly signal: Closed };

/**
 * What a rate limit closes: the window that the error or the headers name, for the model that the error names. The
 * words "try again in 6s" say when to come back, then `Retry-After`; a window's own reset only when it is full again,
 * which is later. Null when nothing names a limit.
 */
export function keyRejection(headers: Headers, error: OpenAiError | null, context: AnswerContext): KeyRejection | null {
  const { now } = context;
  const spent = latestSpent(headers, now);
  const window = (error === null ? null : windowIn(error)) ?? spent ?? null;
  const waited =
    (error === null ? null : tryAgainAt(error.message, now)) ??
    parseReset(inMs(headers.get('retry-after-ms')), now) ??
    parseReset(headers.get('retry-after'), now);
  if (window === null && waited === null && error?.code !== 'rate_limit_exceeded') return null;
  const until = waited ?? parseReset(headers.get(`${prefix}reset-${window ?? 'requests'}`), now);
  const brief = until === null || until - now <= longestBriefMs;
  const evidence = error === null || error.message === '' ? 'Retry-After' : excerptOf(error.message);
  const family = modelOf(error, context.model);
  const name = window ?? (brief ? 'minute' : 'retry_after');
  return { brief, signal: { kind: 'closed', window: name, family, overage: false, until, evidence } };
}

/** Of the windows with nothing left, the one that takes longest. */
function latestSpent(headers: Headers, now: EpochMs): string | undefined {
  const resetOf = (window: string): EpochMs => parseReset(headers.get(`${prefix}reset-${window}`), now) ?? now;
  return windows
    .filter((window) => amount(headers.get(`${prefix}remaining-${window}`)) === 0)
    .toSorted((a, b) => resetOf(b) - resetOf(a))[0];
}

/** "… on tokens per min (TPM): …", "… on requests per day (RPD): …"; the type of the error is `tokens` or `requests`. */
function windowIn({ type, message }: OpenAiError): string | null {
  const [, kind, per] = /\bon (requests|tokens|images|input-images) per (min|day)\b/.exec(message) ?? [];
  if (kind !== undefined) return per === 'day' ? `${kind}_per_day` : kind;
  return type === 'requests' || type === 'tokens' ? type : null;
}

/** Codex reads the same words. */
export function tryAgainAt(message: string, now: EpochMs): EpochMs | null {
  const length = /\btry again in\s+((?:\d{1,9}(?:\.\d{1,9})?(?:ms|[dhms]))+|\d{1,9}(?:\.\d{1,9})?\s*seconds?)/i.exec(
    message,
  )?.[1];
  return length === undefined ? null : parseReset(length.replace(/\s*seconds?$/i, 's'), now);
}

function inMs(text: string | null): string | null {
  return text !== null && /^\d{1,12}(\.\d{1,9})?$/.test(text) ? `${Math.ceil(Number(text))}ms` : null;
}

function modelOf(error: OpenAiError | null, asked: string | null): string | null {
  const named = /\bfor (?:model )?([a-z0-9][a-z0-9.:-]*) (?:in|on)\b/.exec(error?.message ?? '')?.[1];
  return named !== undefined && coversModel(named, asked) ? named : asked;
}

function amount(text: string | null): number | null {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null;
}
