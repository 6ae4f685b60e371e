import type { Headers } from '../http/exchange.ts';
import type { ErrorAnswer } from './error-answer.ts';
import type { Fault, RefusalKind } from './fault.ts';
import {
  accountDeactivated,
  badGateway,
  cloudflareBlock,
  connectionLimit,
  foreignReasoning,
  insufficientQuota,
  internalError,
  invalidKey,
  invalidRequest,
  overloaded,
  paymentRequired,
  slowDown,
  throttled,
  tokenExpired,
  tokenInvalidated,
  unavailable,
  unknownModel,
  unknownPrevious,
  upgradeRequired,
  usageNotIncluded,
} from './known-error.ts';
import { lowTierLimit, type Refused, usageLimit } from './limit-error.ts';
import type { PlanWindowName, WorkspaceClosing } from './scenario.ts';

type Form = (refused: Refused, fault: Fault) => ErrorAnswer;

const forms: Readonly<Record<RefusalKind, Form>> = {
  usage_limit: closed('primary'),
  usage_limit_weekly: closed('secondary'),
  usage_limit_model: closed('bengalfox_primary'),
  workspace_owner_credits_depleted: closed('primary', 'workspace_owner_credits_depleted'),
  workspace_member_credits_depleted: closed('primary', 'workspace_member_credits_depleted'),
  workspace_owner_usage_limit_reached: closed('primary', 'workspace_owner_usage_limit_reached'),
  workspace_member_usage_limit_reached: closed('primary', 'workspace_member_usage_limit_reached'),
  usage_not_included: () => usageNotIncluded('free'),
  insufficient_quota: () => insufficientQuota,
  payment_required: () => paymentRequired,
  rate_limit_tokens: (refused, { resetInSeconds }) => lowTierLimit('tokens', refused, resetInSeconds),
  rate_limit_requests: (refused, { resetInSeconds }) => lowTierLimit('requests', refused, resetInSeconds),
  throttle: () => throttled,
  overloaded: () => overloaded,
  slow_down: () => slowDown,
  unavailable: () => unavailable,
  internal: () => internalError,
  bad_gateway_html: () => badGateway,
  token_invalidated: () => tokenInvalidated,
  token_expired: () => tokenExpired,
  invalid_key: () => invalidKey(''),
  cloudflare_html: () => cloudflareBlock,
  account_deactivated: () => accountDeactivated,
  model_not_found: ({ model }) => unknownModel(model),
  invalid_request: () => invalidRequest("Missing required parameter: 'model'.", 'model'),
  invalid_encrypted_content: () => foreignReasoning('rs_test'),
  previous_response_not_found: () => unknownPrevious('resp_test'),
  connection_limit: () => connectionLimit,
  upgrade_required: () => upgradeRequired,
};

/** The error that a fault of a refusing kind stands for. */
export function refusalOf(fault: Fault & { readonly kind: RefusalKind }, refused: Refused): ErrorAnswer {
  const answer = forms[fault.kind](refused, fault);
  return { ...answer, headers: withRetryAfter(answer.headers ?? [], fault) };
}

function closed(window: PlanWindowName, closing?: WorkspaceClosing): Form {
  return (refused, fault) => {
    const resetAt = refused.now + fault.resetInSeconds * 1000;
    return usageLimit(refused, { window, resetAt }, closing);
  };
}

function withRetryAfter(headers: Headers, { retryAfterSeconds }: Fault): Headers {
  return retryAfterSeconds === undefined ? headers : [...headers, ['retry-after', String(retryAfterSeconds)]];
}
