import type { PlanCredential } from './credential.ts';
import { shown, type ShownWindow } from './limit-headers.ts';

/** The frame that tells a plan's limits, as codex-rs parses it. */
export function rateLimitsFrame(credential: PlanCredential, now: number): object {
  const [primary, secondary] = [shown(credential, 'primary', { now }), shown(credential, 'secondary', { now })];
  const reached = [primary, secondary].some((window) => window !== undefined && window.usedPercent >= 100);
  return {
    type: 'codex.rate_limits',
    plan_type: credential.planType,
    metered_limit_name: 'codex',
    rate_limits: {
      allowed: !reached,
      limit_reached: reached,
      primary: frameWindow(primary),
      secondary: frameWindow(secondary),
    },
    credits: creditsOf(credential),
    promo: null,
  };
}

export function creditsOf({ credits }: PlanCredential): object {
  return {
    has_credits: credits !== 'none',
    unlimited: credits === 'unlimited',
    balance: credits === 'some' ? '12.50' : null,
  };
}

function frameWindow(window: ShownWindow | undefined): object | null {
  if (window === undefined) return null;
  return {
    used_percent: window.usedPercent,
    window_minutes: window.windowMinutes,
    reset_after_seconds: window.resetAfterSeconds,
    reset_at: window.resetAt,
  };
}
