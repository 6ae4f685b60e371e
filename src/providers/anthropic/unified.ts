import { coversModel } from '../../core/limit/family.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { parseReset } from '../../core/limit/reset.ts';
import type { EpochMs } from '../../core/time.ts';

const prefix = 'anthropic-ratelimit-unified-';

type Window = { readonly header: string; readonly window: string; readonly family: string | null };

/** Windows whose name is not that of their headers. `7d_oi` counts the Fable family. Claude Code 2.1.197 reads these. */
const namedWindows: Readonly<Record<string, Window>> = {
  '5h': { header: '5h', window: 'five_hour', family: null },
  '7d': { header: '7d', window: 'seven_day', family: null },
  '7d_oi': { header: '7d_oi', window: 'seven_day_overage_included', family: 'fable' },
};

/** Windows that mostly `representative-claim` alone names: the reset is then `unified-reset`. */
const claimedFamilies: Readonly<Record<string, string>> = { seven_day_opus: 'opus', seven_day_sonnet: 'sonnet' };

/** Says whether a response speaks of a subscription's limits at all. */
export function hasUnifiedLimits(headers: Headers): boolean {
  return headers.has(`${prefix}status`) || windowsOf(headers).length > 0;
}

/** How full the windows are, and which of them have something left; for an answer of any status. */
export function unifiedReadings(headers: Headers, now: EpochMs): Signal[] {
  const signals: Signal[] = [];
  for (const { header, window, family } of windowsOf(headers)) {
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
  // An empty header names nothing.
  const claim = headers.get(`${prefix}representative-claim`) || null;
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
  const windows = windowsOf(headers);
  for (const { header, window, family } of windows) {
    if (headers.get(`${prefix}${header}-status`) !== 'rejected') continue;
    const reset = parseReset(headers.get(`${prefix}${header}-reset`), now);
    signals.push(closed(window, family, reset ?? unifiedReset ?? retryAfter));
  }
  const claimed = windows.find((each) => each.window === claim);
  const family = claim === null ? undefined : claimedFamilies[claim];
  if (claim !== null && family !== undefined && claimed === undefined)
    signals.push(closed(claim, family, unifiedReset ?? retryAfter));
  if (signals.length > 0) return signals;

  // Rejected without a rejected window: believe the claim, unless its window says that something is left. Such a
  // window must not be closed; what is closed then has no name.
  const stillOpen = claimed !== undefined && isAllowed(headers.get(`${prefix}${claimed.header}-status`));
  if (stillOpen) return [closed('unified', claimed.family, retryAfter)];
  return [closed(claim ?? 'unified', claimed?.family ?? null, unifiedReset ?? retryAfter)];
}

/**
 * The answer as a whole: a subscription that is used up, whether it was refused or served as overage. A rejected window
 * of another model's family says nothing of this request.
 */
export function isUnifiedRejected(headers: Headers, model: string | null): boolean {
  return (
    headers.get(`${prefix}status`) === 'rejected' ||
    windowsOf(headers).some(
      ({ header, family }) => coversModel(family, model) && headers.get(`${prefix}${header}-status`) === 'rejected',
    )
  );
}

/** True for a 200 of a plan that is used up and bills extra: status `rejected`, overage allowed or in use. */
export function isServedAsOverage(headers: Headers): boolean {
  if (headers.get(`${prefix}status`) !== 'rejected') return false;
  return headers.get(`${prefix}overage-in-use`) === 'true' || isAllowed(headers.get(`${prefix}overage-status`));
}

/** The windows that the headers name, one that we never saw under its own name. */
function windowsOf(headers: Headers): Window[] {
  const windows: Window[] = [];
  for (const name of headers.keys()) {
    if (!name.startsWith(prefix)) continue;
    const window = windowNamed(name);
    if (window !== null && !windows.some((each) => each.header === window.header)) windows.push(window);
  }
  return windows;
}

/** Every answer names the same few: looked up, a name costs a tenth of reading it. Other names are read each time. */
const knownNames = new Map<string, Window | null>();
const mostKnownNames = 64;

function windowNamed(name: string): Window | null {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const header = /^((?!overage)[a-z0-9_]{1,32})-(?:status|utilization)$/.exec(name.slice(prefix.length))?.[1];
  const window = header === undefined ? null : (namedWindows[header] ?? weeklyOrOther(header));
  if (knownNames.size < mostKnownNames) knownNames.set(name, window);
  return window;
}

function weeklyOrOther(header: string): Window {
  const family = /^7d_(opus|sonnet|haiku|fable)$/.exec(header)?.[1] ?? null;
  return { header, window: family === null ? header : `seven_day_${family}`, family };
}

function isAllowed(status: string | null): boolean {
  return status === 'allowed' || status === 'allowed_warning';
}

function parseUtilization(text: string | null): number | null {
  if (text === null || !/^\d{1,4}(\.\d+)?$/.test(text)) return null;
  return Number(text);
}
