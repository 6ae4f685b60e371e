import type { Exchange, Headers } from '../http/exchange.ts';
import { badGatewayPage, sendEncoded } from '../provider/encoded-body.ts';
import { type ErrorAnswer, sendError } from './error-answer.ts';
import type { Fault, RefusalKind } from './fault.ts';
import {
  accountLimitMessage,
  expiredToken,
  internalError,
  invalidBearer,
  invalidKey,
  invalidRequest,
  invalidSignature,
  longContextCredits,
  longContextExtraUsage,
  lowCredit,
  oauthNotAllowed,
  organizationDisabled,
  overloaded,
  rateLimited,
  revokedToken,
  serviceUnavailable,
  timedOut,
  tooLarge,
  unknownModel,
  usageLimit,
} from './known-error.ts';
import { accountLimit, firstTierLimit, type Refused } from './limit-error.ts';
import type { Overage, SubscriptionWindowName } from './scenario.ts';

type RefusalFault = Fault & { readonly kind: RefusalKind };
type Form = (refused: Refused, fault: Fault) => ErrorAnswer;

const creditsRequired = {
  message: longContextCredits,
  details: {
    error_code: 'credits_required',
    disabled_reason: 'overage_not_provisioned',
    can_user_purchase_credits: true,
    has_chargeable_saved_payment_method: false,
  },
};

const forms: Readonly<Record<Exclude<RefusalKind, 'bad_gateway_html'>, Form>> = {
  five_hour: closed('five_hour'),
  seven_day: closed('seven_day'),
  seven_day_opus: closed('seven_day_opus'),
  seven_day_sonnet: closed('seven_day_sonnet'),
  seven_day_overage_included: closed('seven_day_overage_included'),
  spend_cap: closed('five_hour', 'spend_cap'),
  out_of_credits: closed('five_hour', 'out_of_credits'),
  credits_required: (refused, fault) => ({
    ...closed('seven_day_overage_included')(refused, fault),
    ...creditsRequired,
  }),
  long_context_credits: () => rateLimited(longContextCredits),
  long_context_extra_usage: () => rateLimited(longContextExtraUsage),
  throttle: () => rateLimited('Rate limited'),
  org_rate_limit: (refused, fault) => firstTierLimit(refused, resetOf(refused, fault)),
  retry_after_only: (_, fault) => rateLimited(accountLimitMessage, [['retry-after', String(fault.resetInSeconds)]]),
  overloaded: () => overloaded,
  unavailable: () => serviceUnavailable,
  internal: () => internalError,
  timeout: () => timedOut,
  invalid_bearer: () => invalidBearer,
  expired_token: () => expiredToken,
  invalid_key: () => invalidKey,
  revoked: () => revokedToken,
  org_disallows_oauth: () => oauthNotAllowed,
  org_disabled: () => organizationDisabled,
  low_credit: () => lowCredit,
  usage_limit: (refused, fault) => usageLimit(resetOf(refused, fault)),
  model_not_found: ({ model }) => unknownModel(model),
  too_large: () => tooLarge,
  invalid_request: () => invalidRequest('max_tokens: Field required'),
  invalid_thinking_signature: () => invalidSignature,
};

/** Sends the error that a fault of a refusing kind stands for. */
export function sendRefusal(exchange: Exchange, fault: RefusalFault, refused: Refused & { requestId: string }): void {
  const { encoding, kind } = fault;
  if (kind === 'bad_gateway_html') {
    const content = { type: 'text/html', text: badGatewayPage };
    sendEncoded(exchange, { status: 502, headers: withRetryAfter([], fault), content, encoding });
    return;
  }
  const answer = forms[kind](refused, fault);
  const headers = withRetryAfter(answer.headers ?? [], fault);
  sendError(exchange, { ...answer, headers }, { requestId: refused.requestId, encoding });
}

function closed(window: SubscriptionWindowName, overage: Overage = 'none'): Form {
  return (refused, fault) => accountLimit(refused, { window, resetAt: resetOf(refused, fault), overage });
}

function resetOf({ now }: Refused, { resetInSeconds }: Fault): number {
  return now + resetInSeconds * 1000;
}

function withRetryAfter(headers: Headers, { retryAfterSeconds }: Fault): Headers {
  if (retryAfterSeconds === undefined) return headers;
  return [...headers.filter(([name]) => name !== 'retry-after'), ['retry-after', String(retryAfterSeconds)]];
}
