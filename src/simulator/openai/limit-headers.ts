import type { Headers } from '../http/exchange.ts';
import type { Credential, KeyCredential, PlanCredential } from './credential.ts';
import type { KeyWindowName, WindowName } from './scenario.ts';
import { type CountingWindow, modelFamily } from './window.ts';

/** A window that refuses, whatever its counter says. */
export interface Rejection {
  readonly window: WindowName;
  /** Epoch ms. */
  readonly resetAt: number;
}

/** A window of a plan as headers, frames and the usage page show it. */
export interface ShownWindow {
  readonly usedPercent: number;
  readonly windowMinutes: number;
  /** Epoch s. */
  readonly resetAt: number;
  readonly resetAfterSeconds: number;
}

/** Renders the limit headers that the credential's kind of account sends. */
export function limitHeaders(credential: Credential, now: number, rejection?: Rejection): Headers {
  return credential.kind === 'plan' ? planHeaders(credential, now, rejection) : keyHeaders(credential, now);
}

function planHeaders(credential: PlanCredential, now: number, rejection?: Rejection): Headers {
  const ofFamily = rejection?.window.startsWith(modelFamily.prefix) === true;
  const headers: [string, string][] = [
    ['active-limit', ofFamily ? modelFamily.limitId : 'codex'],
    ['plan-type', credential.planType],
    ['credits-has-credits', spelt(credential.credits !== 'none')],
    ['credits-unlimited', spelt(credential.credits === 'unlimited')],
    ['credits-balance', credential.credits === 'some' ? '12.50' : ''],
    ['primary-over-secondary-limit-percent', '0'],
    ...windowHeaders('primary', shown(credential, 'primary', { now, rejection })),
    ...windowHeaders('secondary', shown(credential, 'secondary', { now, rejection })),
  ];
  if (ofFamily || credential.windows.some(({ name }) => name.startsWith(modelFamily.prefix))) {
    const short = modelFamily.prefix.replace('_', '');
    headers.push(
      [`${short}-limit-name`, modelFamily.limitName],
      [`${short}-primary-over-secondary-limit-percent`, '0'],
      ...windowHeaders(`${short}-primary`, shown(credential, 'bengalfox_primary', { now, rejection })),
      ...windowHeaders(`${short}-secondary`, shown(credential, 'bengalfox_secondary', { now, rejection })),
    );
  }
  return headers.map(([name, value]) => [`x-codex-${name}`, value]);
}

/** A window of the plan; undefined where it has none of that name. */
export function shown(
  credential: PlanCredential,
  name: WindowName,
  { now, rejection }: { now: number; rejection?: Rejection | undefined },
): ShownWindow | undefined {
  const rejected = rejection?.window === name ? rejection : undefined;
  const window = credential.windows.find((candidate) => candidate.name === name);
  if (window === undefined && rejected === undefined) return undefined;
  const state = window?.state(now);
  const resetAtMs = rejected?.resetAt ?? state?.resetAt ?? now;
  return {
    usedPercent: rejected === undefined ? Math.floor((state?.utilization ?? 0) * 100) : 100,
    windowMinutes: (window?.periodMs ?? defaultPeriodMs) / 60_000,
    resetAt: Math.ceil(resetAtMs / 1000),
    resetAfterSeconds: Math.max(0, Math.ceil((resetAtMs - now) / 1000)),
  };
}

const defaultPeriodMs = 300 * 60_000;

function windowHeaders(prefix: string, window: ShownWindow | undefined): [string, string][] {
  if (window === undefined) return [];
  return [
    [`${prefix}-used-percent`, String(window.usedPercent)],
    [`${prefix}-window-minutes`, String(window.windowMinutes)],
    [`${prefix}-reset-after-seconds`, String(window.resetAfterSeconds)],
    [`${prefix}-reset-at`, String(window.resetAt)],
  ];
}

function keyHeaders(credential: KeyCredential, now: number): Headers {
  const known = credential.windows.filter((window) => isKeyWindow(window));
  return known.flatMap((window) => {
    const { name, limit, used, resetAt } = window.state(now);
    return rateLimitHeaders(name, { limit, remaining: Math.max(0, limit - used), resetMs: resetAt - now });
  });
}

export function rateLimitHeaders(
  name: WindowName,
  { limit, remaining, resetMs }: { limit: number; remaining: number; resetMs: number },
): [string, string][] {
  return [
    [`x-ratelimit-limit-${name}`, String(limit)],
    [`x-ratelimit-remaining-${name}`, String(remaining)],
    [`x-ratelimit-reset-${name}`, renderDuration(resetMs)],
  ];
}

/** Writes a time as Go does: `120ms`, `6s`, `6m0s`, `1h2m3s`. */
export function renderDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.max(0, Math.ceil(durationMs))}ms`;
  const seconds = durationMs / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${Number((seconds % 60).toFixed(3))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

function isKeyWindow(window: CountingWindow): window is CountingWindow & { readonly name: KeyWindowName } {
  return window.name === 'requests' || window.name === 'tokens';
}

/** Python's way to write a boolean, which the real headers have. */
function spelt(value: boolean): string {
  return value ? 'True' : 'False';
}
