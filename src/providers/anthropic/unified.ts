import type { Signal } from '../../core/limit/signal.ts';
import { parseReset } from '../../core/limit/reset.ts';
import type { EpochMs } from '../../core/time.ts';

const prefix = 'anthropic-ratelimit-unified-';

type Window = { readonly header: string; readonly window: string; readonly family: string | null };

/**
 * The windows of a subscription that have headers of their own. `7d_oi` counts the Fable family. Claude Code 2.1.197
 * reads these names.
 */
const headedWindows: readonly Window[] = [
  { header: '5h', window: 'five_hour', family: null },
  { header: '7d', window: 'seven_day', family: null },
  { header: '7d_oi', window: 'seven_day_overage_included', family: 'fable' },
];

/** Windows that only `representative-claim` names: the reset is then `unified-reset`. */
const claimedFamilies: Readonly<Record<string, string>> = { seven_day_opus: 'opus', seven_day_sonnet: 'sonnet' };

/** Says whether a response speaks of a subscription's limits at all. */
export function hasUnifiedLimits(headers: Headers): boolean {
  return headers.has(`${prefix}status`) || headers.has(`${prefix}5h-status`) || headers.has(`${prefix}7d-status`);
}

/** How full the windows are, and which of them have something left; for an answer of any status. */
export function unifiedReadings(headers: Headers, now: EpochMs): Signal[] {
  const signals: Signal[] = [];
  for (const { header, window, family } of headedWindows) {
    const status = headers.get(`${prefix}${header}-status`);
    const utilization = parseUtilization(headers.get(`${prefix}${header}-utilization`));
    if (status === null && utilization === null) continue;
    const resetsAt = parseReset(headers.get(`${prefix}${header}-reset`), now);
    signals.push({ kind: 'reading', window, family, utilization, resetsAt });
    if (isAllowed(status)) signals.push({ kind: 'open', window, family });
  }
  return signals;
}

/**
 * The windows that a subscription has used up. Each closes until its own reset; one that still has something left
 * closes nothing, whatever the answer as a whole says. `overage` marks an answer that was served for extra money.
 */
export function rejectedWindows(headers: Headers, overage: boolean, now: EpochMs): Signal[] {
  const claim = headers.get(`${prefix}representative-claim`);
  const unifiedReset = parseReset(headers.get(`${prefix}reset`), now);
  const retryAfter = parseReset(headers.get('retry-after'), now);
  const closed = (window: string, family: string | null, until: EpochMs | null): Signal => ({
    kind: 'closed',
    window,
    family,
    overage,
    until,
    evidence: overage ? `${window} used up, served as overage` : `${window} rejected`,
  });

  const signals: Signal[] = [];
  const family = claim === null ? undefined : claimedFamilies[claim];
  for (const { header, window, family: own } of allWindows(headers)) {
    if (headers.get(`${prefix}${header}-status`) !== 'rejected') continue;
    const reset = parseReset(headers.get(`${prefix}${header}-reset`), now);
    signals.push(closed(window, own, reset ?? unifiedReset ?? retryAfter));
  }
  if (claim !== null && family !== undefined) signals.push(closed(claim, family, unifiedReset ?? retryAfter));
  if (signals.length > 0) return signals;

  // Rejected without a rejected window: believe the claim, unless its window says that something is left. Such a
  // window must not be closed; what is closed then has no name.
  const claimed = headedWindows.find((each) => each.window === claim);
  const stillOpen = claimed !== undefined && isAllowed(headers.get(`${prefix}${claimed.header}-status`));
  if (stillOpen) return [closed('unified', claimed.family, retryAfter)];
  return [closed(claim ?? 'unified', claimed?.family ?? null, unifiedReset ?? retryAfter)];
}

/** The answer as a whole: a subscription that is used up, whether it was refused or served as overage. */
export function isUnifiedRejected(headers: Headers): boolean {
  return (
    headers.get(`${prefix}status`) === 'rejected' ||
    headedWindows.some(({ header }) => headers.get(`${prefix}${header}-status`) === 'rejected')
  );
}

/** True for a 200 of a plan that is used up and bills extra: status `rejected`, overage allowed or in use. */
export function isServedAsOverage(headers: Headers): boolean {
  if (headers.get(`${prefix}status`) !== 'rejected') return false;
  return headers.get(`${prefix}overage-in-use`) === 'true' || isAllowed(headers.get(`${prefix}overage-status`));
}

/** The known windows and any other that the headers name, so that a window we never saw closes under its own name. */
function allWindows(headers: Headers): Window[] {
  const windows = [...headedWindows];
  for (const name of headers.keys()) {
    const header = /^anthropic-ratelimit-unified-(.+)-status$/.exec(name)?.[1];
    if (header === undefined || header === 'overage' || windows.some((each) => each.header === header)) continue;
    const family = /^7d_(opus|sonnet|haiku|fable)$/.exec(header)?.[1] ?? null;
    windows.push({ header, window: family === null ? header : `seven_day_${family}`, family });
  }
  return windows;
}

function isAllowed(status: string | null): boolean {
  return status === 'allowed' || status === 'allowed_warning';
}

function parseUtilization(text: string | null): number | null {
  if (text === null || !/^\d{1,4}(\.\d+)?$/.test(text)) return null;
  return Number(text);
}
