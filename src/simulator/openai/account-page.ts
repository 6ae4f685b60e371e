import type { PlanCredential } from './credential.ts';
import { shown, type ShownWindow } from './limit-headers.ts';
import { creditsOf } from './rate-limits-frame.ts';
import type { WindowName } from './scenario.ts';
import { modelFamily } from './window.ts';

/** The usage page of a plan, `wham/usage`. */
export function usagePage(credential: PlanCredential, now: number): object {
  const family = credential.windows.some(({ name }) => name.startsWith(modelFamily.prefix));
  const additional = {
    limit_name: modelFamily.limitName,
    metered_feature: modelFamily.limitId,
    rate_limit: limitOf(credential, { primary: 'bengalfox_primary', secondary: 'bengalfox_secondary' }, now),
  };
  return {
    user_id: `user-test-${credential.name}`,
    account_id: credential.accountId,
    email: `${credential.name}@example.test`,
    plan_type: credential.planType,
    rate_limit: limitOf(credential, { primary: 'primary', secondary: 'secondary' }, now),
    code_review_rate_limit: null,
    additional_rate_limits: family ? [additional] : null,
    credits: creditsOf(credential),
    spend_control: { reached: credential.workspaceClosing?.includes('usage_limit') === true },
    rate_limit_reached_type: credential.workspaceClosing === undefined ? null : { type: credential.workspaceClosing },
  };
}

/** Where a plan's requests belong, `wham/accounts/check`. */
export function accountsPage(credential: PlanCredential, origin: string): object {
  const account = {
    id: credential.accountId,
    workspace_backend_origin: origin,
    account_routing_override: 'NO_CONSTRAINT',
  };
  return { accounts: [account], account_ordering: [credential.accountId] };
}

function limitOf(
  credential: PlanCredential,
  names: { primary: WindowName; secondary: WindowName },
  now: number,
): object {
  const [primary, secondary] = [shown(credential, names.primary, { now }), shown(credential, names.secondary, { now })];
  const reached = [primary, secondary].some((window) => window !== undefined && window.usedPercent >= 100);
  return {
    allowed: !reached,
    limit_reached: reached,
    primary_window: pageWindow(primary),
    secondary_window: pageWindow(secondary),
  };
}

function pageWindow(window: ShownWindow | undefined): object | null {
  if (window === undefined) return null;
  return {
    used_percent: window.usedPercent,
    limit_window_seconds: window.windowMinutes * 60,
    reset_after_seconds: window.resetAfterSeconds,
    reset_at: window.resetAt,
  };
}
