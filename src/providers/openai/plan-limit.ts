import { coversModel } from '../../core/limit/family.ts';
import { parseReset } from '../../core/limit/reset.ts';
import type { Signal } from '../../core/limit/signal.ts';
import type { EpochMs } from '../../core/time.ts';
import type { AnswerContext } from '../provider.ts';
import type { OpenAiError } from './error.ts';

type Closed = Extract<Signal, { kind: 'closed' }>;

/** One window of a ChatGPT plan, wherever it was told: headers, a `codex.rate_limits` message, the usage endpoint. */
export type PlanWindow = {
  /** The metered limit that it belongs to: `codex` counts every model, others a family of models. */
  readonly limit: string;
  readonly window: string;
  readonly family: string | null;
  /** 0 to 100, above when overdrawn. */
  readonly usedPercent: number;
  readonly resetsAt: EpochMs | null;
};

/** The metered limit of a plan as a whole. */
export const planLimit = 'codex';
/** The name of a limit whose window nobody told. */
const unnamedWindow = 'usage_limit';

/** Names a window by its length. Codex itself allows for lengths that are off by a few minutes. */
export function windowName(minutes: number | null, slot: string): string {
  if (minutes === null || minutes <= 0) return slot;
  if (Math.abs(minutes - 300) <= 3) return 'five_hour';
  if (Math.abs(minutes - 10_080) <= 3) return 'seven_day';
  return `${minutes}m`;
}

/** The windows in the headers `x-codex-primary-…`, `x-codex-secondary-…` and those of other limits, `x-codex-bengalfox-primary-…`. */
export function planWindows(headers: Headers, now: EpochMs): PlanWindow[] {
  const windows: PlanWindow[] = [];
  for (const [name, value] of headers) {
    const [, limit, slot] = /^x-([a-z0-9-]{1,64}?)-(primary|secondary)-used-percent$/.exec(name) ?? [];
    const usedPercent = amount(value);
    if (limit === undefined || slot === undefined || usedPercent === null) continue;
    const of = (part: string): string | null => headers.get(`x-${limit}-${slot}-${part}`);
    const minutes = amount(of('window-minutes'));
    const resetsAt = parseReset(of('reset-at'), now) ?? parseReset(of('reset-after-seconds'), now);
    // A plan without this window sends zeros.
    if (usedPercent === 0 && !minutes && resetsAt === null) continue;
    const family = limit === planLimit ? null : familyNamed(headers.get(`x-${limit}-limit-name`) ?? limit);
    windows.push({ limit, window: windowName(minutes, slot), family, usedPercent, resetsAt });
  }
  return windows;
}

/** Model ids are lower case; the name of a limit is one, in a form for people. */
export function familyNamed(name: string): string {
  return name.trim().toLowerCase().replaceAll(/\s+/g, '-').slice(0, 128);
}

/** How full the windows are, and that those with something left are open. */
export function planReadings(windows: readonly PlanWindow[]): Signal[] {
  return windows.flatMap(({ window, family, usedPercent, resetsAt }): Signal[] => {
    const reading: Signal = { kind: 'reading', window, family, utilization: usedPercent / 100, resetsAt };
    return usedPercent < 100 ? [reading, { kind: 'open', window, family }] : [reading];
  });
}

/** That a request was served: whatever was closed without a name is open again. */
export const unnamedOpen: Signal = { kind: 'open', window: unnamedWindow, family: null };

/**
 * What `usage_limit_reached` closes: of the limit that the answer calls active, the windows with nothing left, else the
 * one that resets when the body says. Each until its own reset, which for a single one is the body's.
 */
export function planRejection(headers: Headers, error: OpenAiError | null, context: AnswerContext): Closed[] {
  const { now } = context;
  const limit = activeLimit(headers);
  const windows = planWindows(headers, now).filter((each) => each.limit === limit);
  const told = firstReset(error?.resets ?? [], now);
  const last = told ?? parseReset(headers.get('retry-after'), now);
  const closed = (window: string, family: string | null, until: EpochMs | null): Closed => {
    return { kind: 'closed', window, family, overage: false, until, evidence: 'The usage limit has been reached' };
  };
  const family = limit === planLimit ? null : closedFamily(windows[0]?.family ?? null, context.model);
  const exhausted = windows.filter((each) => each.usedPercent >= 100);
  const [only] = exhausted;
  if (only !== undefined && exhausted.length === 1) {
    return [closed(only.window, family, told ?? only.resetsAt ?? last)];
  }
  if (exhausted.length > 1) return exhausted.map((each) => closed(each.window, family, each.resetsAt ?? last));
  const named = windows.find((each) => told !== null && each.resetsAt !== null && isAbout(each.resetsAt, told));
  return [closed(named?.window ?? unnamedWindow, family, last)];
}

/** Whether the limit that the answer calls active has a window with nothing left. */
export function isPlanUsedUp(headers: Headers, now: EpochMs): boolean {
  const limit = activeLimit(headers);
  return planWindows(headers, now).some((each) => each.limit === limit && each.usedPercent >= 100);
}

function activeLimit(headers: Headers): string {
  return (headers.get('x-codex-active-limit') ?? planLimit).trim().toLowerCase().replaceAll('_', '-');
}

/** The window of a served answer that was paid for beyond the plan, out of bought credits. */
export function servedFromCredits(headers: Headers, windows: readonly PlanWindow[]): Closed[] {
  const has = (name: string): boolean => headers.get(`x-codex-credits-${name}`)?.toLowerCase() === 'true';
  if (!has('has-credits') || has('unlimited')) return [];
  const used = windows.filter((each) => each.limit === planLimit && each.usedPercent >= 100);
  return used.map(({ window, family, resetsAt: until }) => {
    return { kind: 'closed', window, family, overage: true, until, evidence: `${window} used up, served from credits` };
  });
}

/** A workspace that has no credits left or has reached a cap on spending: only a person can mend that. */
export function lacksCredits(headers: Headers): boolean {
  const kind = headers.get('x-codex-rate-limit-reached-type')?.toLowerCase() ?? '';
  return /^workspace_(owner|member)_(credits_depleted|usage_limit_reached)$/.test(kind);
}

/** The limit's own name where it covers the model that was asked for, else that model: never another one. */
function closedFamily(name: string | null, model: string | null): string | null {
  if (name === null) return model;
  return model === null || coversModel(name, model) ? name : model;
}

function firstReset(texts: readonly string[], now: EpochMs): EpochMs | null {
  for (const text of texts) {
    const at = parseReset(text, now);
    if (at !== null) return at;
  }
  return null;
}

function isAbout(a: EpochMs, b: EpochMs): boolean {
  return Math.abs(a - b) <= 60_000;
}

function amount(text: string | null): number | null {
  return text !== null && /^\d{1,9}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : null;
}
