import { classify } from '../src/providers/anthropic/classify.ts';
import type { Verdict } from '../src/providers/provider.ts';
import type { Signal } from '../src/core/limit/signal.ts';
import { captured } from './builders.ts';

/** The unified headers of one answer, without their common prefix; `retry-after` as it is. */
export type Unified = Readonly<Record<string, string>>;

export const limitMessage = "This request would exceed your account's rate limit. Please try again later.";
const limitBody = JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message: limitMessage } });

/** What an answer of a subscription means to a request for Opus; a 429 has the body that was captured. */
export function judgeUnified(status: 200 | 429, unified: Unified): Verdict {
  const headers = new Headers();
  for (const [name, value] of Object.entries(unified)) {
    headers.set(name === 'retry-after' ? name : `anthropic-ratelimit-unified-${name}`, value);
  }
  const body = status === 429 ? limitBody : null;
  return classify({ status, headers, body }, { model: 'claude-opus-4-8', now: captured });
}

export function closedOf(signals: readonly Signal[]) {
  return signals.flatMap((each) =>
    each.kind === 'closed'
      ? [{ window: each.window, family: each.family, until: each.until, overage: each.overage }]
      : [],
  );
}

export function openOf(signals: readonly Signal[]): string[] {
  return signals.flatMap((each) => (each.kind === 'open' ? [each.window] : []));
}

export const week: Unified = {
  '7d-reset': '1795568099',
  '7d-status': 'allowed',
  '7d-utilization': '0.59',
  'fallback-percentage': '0.5',
};
export const fiveHourAllowed: Unified = { '5h-reset': '1795231499', '5h-status': 'allowed', '5h-utilization': '0.4' };
export const fiveHourRejected: Unified = { '5h-reset': '1795226099', '5h-status': 'rejected', '5h-utilization': '1' };
export const noOverage: Unified = { 'overage-disabled-reason': 'org_level_disabled', 'overage-status': 'rejected' };

/** A limit as `closedOf` tells it. */
export const limit = (window: string, until: number | null, family: string | null = null) => ({
  window,
  family,
  until,
  overage: false,
});
