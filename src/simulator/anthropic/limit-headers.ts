import type { Headers } from '../http/exchange.ts';
import { warningThreshold, type WindowState as AnyWindowState } from '../provider/quota-window.ts';
import type { Credential } from './credential.ts';
import {
  type KeyWindowName,
  keyWindowNames,
  type Overage,
  type SubscriptionWindowName,
  subscriptionWindowNames,
  type WindowName,
} from './scenario.ts';

/** What of a credential shows in limit headers. */
export type Limited = Pick<Credential, 'windows' | 'overage' | 'familyHeaders'>;

/** A window that refuses, or would refuse if overage did not pay, whatever its counter says. */
export interface Rejection {
  readonly window: WindowName;
  /** Epoch ms. */
  readonly resetAt: number;
  readonly overage: Overage;
}

type WindowState = AnyWindowState<WindowName>;
type Status = 'allowed' | 'allowed_warning' | 'rejected';

/** The windows that always have headers of their own. */
const abbreviations: Partial<Record<WindowName, string>> = {
  five_hour: '5h',
  seven_day: '7d',
  seven_day_overage_included: '7d_oi',
};

/** The windows that have them where the credential asks for it. */
const familyAbbreviations: Partial<Record<WindowName, string>> = {
  seven_day_opus: '7d_opus',
  seven_day_sonnet: '7d_sonnet',
};

/** How long after a refusal ends an emptied window of an API key is full again. */
const replenishMs = 60_000;

const disabledReasons: Readonly<Record<Exclude<Overage, 'allowed'>, string>> = {
  none: 'org_level_disabled',
  out_of_credits: 'out_of_credits',
  spend_cap: 'org_spend_cap_reached',
};

/** Renders the limit headers that the credential's kind of account sends. */
export function limitHeaders(credential: Limited, now: number, rejection?: Rejection): Headers {
  const states = withRejection(
    credential.windows.map((window) => window.state(now)),
    rejection,
  );
  const subscription = states.filter((state) => isSubscription(state.name));
  const headers: [string, string][] = subscription.length > 0 ? unified(subscription, credential, rejection) : [];
  for (const state of states) if (isKey(state.name)) headers.push(...perMinute(state, rejection));
  if (rejection !== undefined && rejection.overage !== 'allowed') {
    headers.push(['retry-after', String(Math.max(0, Math.ceil((rejection.resetAt - now) / 1000)))]);
  }
  return headers;
}

function unified(states: WindowState[], credential: Limited, rejection?: Rejection): [string, string][] {
  const claim = claimed(states, rejection);
  const overage = rejection?.overage ?? credential.overage;
  const headers: [string, string][] = [
    ['status', statusOf(claim, rejection)],
    ['reset', epochSeconds(claim.resetAt)],
    ['representative-claim', claim.name],
    ['fallback-percentage', '0.5'],
  ];
  for (const state of states) {
    const short = abbreviations[state.name] ?? (credential.familyHeaders ? familyAbbreviations[state.name] : undefined);
    if (short !== undefined) headers.push(...windowHeaders(short, state, rejection));
  }
  if (overage === 'allowed') {
    headers.push(['overage-status', 'allowed']);
    if (rejection !== undefined) headers.push(['overage-in-use', 'true']);
  } else {
    headers.push(['overage-status', 'rejected'], ['overage-disabled-reason', disabledReasons[overage]]);
  }
  return headers.map(([name, value]) => [`anthropic-ratelimit-unified-${name}`, value]);
}

function windowHeaders(short: string, state: WindowState, rejection?: Rejection): [string, string][] {
  const status = statusOf(state, rejection);
  const headers: [string, string][] = [
    [`${short}-status`, status],
    [`${short}-reset`, epochSeconds(state.resetAt)],
    [`${short}-utilization`, String(state.utilization)],
  ];
  if (status === 'allowed_warning') headers.push([`${short}-surpassed-threshold`, String(warningThreshold)]);
  return headers;
}

/** `retry-after` tells when there is something again, the reset of an emptied window when it is full again. */
function perMinute(state: WindowState, rejection?: Rejection): [string, string][] {
  const prefix = `anthropic-ratelimit-${state.name}`;
  const fullAt = state.name === rejection?.window ? state.resetAt + replenishMs : state.resetAt;
  return [
    [`${prefix}-limit`, String(state.limit)],
    [`${prefix}-remaining`, String(Math.max(0, state.limit - state.used))],
    [`${prefix}-reset`, new Date(fullAt).toISOString().replace(/\.\d+Z$/, 'Z')],
  ];
}

/** The window that speaks for all: the one that refuses, else the first one that warns, else five hours. */
function claimed(states: WindowState[], rejection?: Rejection): WindowState {
  const fallback = states.find((state) => state.name === 'five_hour') ?? states[0];
  const found =
    states.find((state) => state.name === rejection?.window) ??
    states.find((state) => statusOf(state) === 'allowed_warning') ??
    fallback;
  if (found === undefined) throw new Error('a subscription has at least one window');
  return found;
}

function statusOf(state: WindowState, rejection?: Rejection): Status {
  if (state.name === rejection?.window) return 'rejected';
  return state.utilization > warningThreshold ? 'allowed_warning' : 'allowed';
}

function withRejection(states: WindowState[], rejection?: Rejection): WindowState[] {
  if (rejection === undefined) return states;
  const { window: name, resetAt } = rejection;
  const known = states.find((state) => state.name === name);
  const limit = known?.limit ?? 1;
  const closed: WindowState = { name, limit, used: limit, utilization: 1, resetAt };
  return known === undefined ? [...states, closed] : states.map((state) => (state === known ? closed : state));
}

function isSubscription(name: WindowName): name is SubscriptionWindowName {
  return (subscriptionWindowNames as readonly string[]).includes(name);
}

function isKey(name: WindowName): name is KeyWindowName {
  return (keyWindowNames as readonly string[]).includes(name);
}

function epochSeconds(at: number): string {
  return String(Math.ceil(at / 1000));
}
