import type { Headers } from '../http/exchange.ts';
import type { Credential, KeyCredential, PlanCredential } from './credential.ts';
import type { ErrorAnswer } from './error-answer.ts';
import { insufficientQuota, usageNotIncluded } from './known-error.ts';
import { limitHeaders, rateLimitHeaders, type Rejection, renderDuration } from './limit-headers.ts';
import type { KeyWindowName, WorkspaceClosing } from './scenario.ts';
import { type CountingWindow, type Demand, usedUp } from './window.ts';

/** Whose request is refused, for which model, at which epoch ms. */
export interface Refused {
  readonly credential: Credential;
  readonly model: string;
  readonly now: number;
}

const usageLimitMessage = 'The usage limit has been reached';

/** The error of an account that may not serve this request; undefined when it may. */
export function limitProblem(credential: Credential, demand: Demand, now: number): ErrorAnswer | undefined {
  if (credential.outOfCredit) return insufficientQuota;
  const [window] = usedUp(credential.windows, demand, now);
  const refused = { credential, model: demand.model, now };
  if (credential.kind === 'api_key') {
    return window === undefined ? undefined : keyLimit(refused, { credential, window, demand });
  }
  if (!credential.included) return usageNotIncluded(credential.planType);
  if (window === undefined || credential.credits !== 'none') return undefined;
  const { name, resetAt } = window.state(now);
  return usageLimit(refused, { window: name, resetAt }, credential.workspaceClosing);
}

/** The 429 of a plan. */
export function usageLimit(refused: Refused, rejection: Rejection, closing?: WorkspaceClosing): ErrorAnswer {
  const { credential, now } = refused;
  const plan = credential.kind === 'plan' ? credential : undefined;
  const reached: Headers = closing === undefined ? [] : [['x-codex-rate-limit-reached-type', closing]];
  const error = usageLimitError(plan?.planType ?? 'plus', rejection.resetAt, now);
  return { status: 429, body: { error }, headers: [...limitHeaders(credential, now, rejection), ...reached] };
}

/** The error object of a used up plan, as bodies and events hold it. */
export function usageLimitError(
  planType: PlanCredential['planType'],
  resetAt: number,
  now: number,
): {
  type: string;
  message: string;
  plan_type: string;
  resets_at: number;
  eligible_promo: null;
  resets_in_seconds: number;
} {
  return {
    type: 'usage_limit_reached',
    message: usageLimitMessage,
    plan_type: planType,
    resets_at: Math.ceil(resetAt / 1000),
    eligible_promo: null,
    resets_in_seconds: Math.max(0, Math.ceil((resetAt - now) / 1000)),
  };
}

interface KeyRefusal {
  readonly credential: KeyCredential;
  readonly window: CountingWindow;
  readonly demand: Demand;
}

function keyLimit({ model, now }: Refused, { credential, window, demand }: KeyRefusal): ErrorAnswer {
  const { limit, used, resetAt } = window.state(now);
  const kind = window.name === 'tokens' ? 'tokens' : 'requests';
  const amounts = { limit, used, requested: window.amountOf(demand), resetMs: resetAt - now };
  const headers = limitHeaders(credential, now);
  return rateLimited({ kind, model, organization: credential.organization, ...amounts, headers });
}

/** The 429 of an organization in a low tier, whose window opens after `resetInSeconds`. */
export function lowTierLimit(kind: KeyWindowName, refused: Refused, resetInSeconds: number): ErrorAnswer {
  const resetMs = resetInSeconds * 1000;
  const organization = refused.credential.kind === 'api_key' ? refused.credential.organization : 'org-test';
  const used =
    kind === 'tokens' ? { limit: 30_000, used: 29_000, requested: 4000 } : { limit: 500, used: 500, requested: 1 };
  const headers = [
    ...rateLimitHeaders('requests', {
      limit: 500,
      remaining: kind === 'requests' ? 0 : 499,
      resetMs: kind === 'requests' ? resetMs : 120,
    }),
    ...rateLimitHeaders('tokens', {
      limit: 30_000,
      remaining: kind === 'tokens' ? 0 : 29_000,
      resetMs: kind === 'tokens' ? resetMs : 60,
    }),
  ];
  return rateLimited({ kind, model: refused.model, organization, ...used, resetMs, headers });
}

interface Exceeded {
  readonly kind: KeyWindowName;
  readonly model: string;
  readonly organization: string;
  readonly limit: number;
  readonly used: number;
  readonly requested: number;
  readonly resetMs: number;
  readonly headers: Headers;
}

function rateLimited({ headers, kind, ...exceeded }: Exceeded): ErrorAnswer {
  const message = rateLimitMessage(kind, exceeded);
  return { status: 429, headers, body: { error: { message, type: kind, param: null, code: 'rate_limit_exceeded' } } };
}

/** The sentence that Codex reads the delay from. */
export function rateLimitMessage(kind: KeyWindowName, exceeded: Omit<Exceeded, 'headers' | 'kind'>): string {
  const { model, organization, limit, used, requested, resetMs } = exceeded;
  const unit = kind === 'tokens' ? 'tokens per min (TPM)' : 'requests per min (RPM)';
  return (
    `Rate limit reached for ${model} in organization ${organization} on ${unit}: Limit ${limit}, Used ${used}, ` +
    `Requested ${requested}. Please try again in ${renderDuration(resetMs)}. ` +
    'Visit https://platform.openai.com/account/rate-limits to learn more.'
  );
}
