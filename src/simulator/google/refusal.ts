import type { Exchange } from '../http/exchange.ts';
import { badGatewayPage, sendEncoded } from '../provider/encoded-body.ts';
import type { WindowState } from '../provider/quota-window.ts';
import type { ApiError } from './api-error.ts';
import { type Endpoint, serviceOf } from './endpoint.ts';
import { sendApiError } from './error-answer.ts';
import type { GoogleFault, RefusalKind } from './fault.ts';
import {
  corruptedSignature,
  deadlineExceeded,
  expiredKey,
  expiredToken,
  internalError,
  invalidArgument,
  invalidKey,
  locationNotSupported,
  permissionDenied,
  unavailable,
  unknownModel,
  unknownToken,
  validationRequired,
} from './known-error.ts';
import {
  bareExhausted,
  codeAssistCapacity,
  codeAssistDaily,
  codeAssistQuota,
  insufficientCredits,
  keyQuotaError,
  keyZero,
  type QuotaName,
  vertexExhausted,
} from './quota-error.ts';
import type { WindowName } from './scenario.ts';

/** Where a refused request went, for which model, at which epoch ms. */
export interface Refused {
  readonly endpoint: Endpoint;
  readonly model: string;
  readonly now: number;
}

type Form = (refused: Refused, fault: GoogleFault) => ApiError;

const forms: Readonly<Record<Exclude<RefusalKind, 'bad_gateway_html'>, Form>> = {
  key_rpm: key('minute', 10),
  key_rpd: key('day', 20),
  key_input_tokens: key('input_tokens_minute', 250_000),
  key_zero: keyZero,
  ca_quota: (refused, fault) => codeAssistQuota('QUOTA_EXHAUSTED', { ...refused, resetAt: resetOf(refused, fault) }),
  ca_rate: (refused, fault) => codeAssistQuota('RATE_LIMIT_EXCEEDED', { ...refused, resetAt: resetOf(refused, fault) }),
  ca_daily: ({ model }) => codeAssistDaily(model),
  ca_capacity: ({ model }) => codeAssistCapacity(model),
  credits: () => insufficientCredits,
  vertex_exhausted: () => vertexExhausted,
  bare_429: () => bareExhausted,
  unavailable: () => unavailable,
  internal: () => internalError,
  timeout: () => deadlineExceeded,
  expired_token: ({ endpoint }) => expiredToken(serviceOf(endpoint)),
  invalid_token: ({ endpoint }) => unknownToken(serviceOf(endpoint)),
  invalid_key: () => invalidKey,
  expired_key: () => expiredKey,
  permission_denied: () => permissionDenied,
  validation_required: () => validationRequired,
  location_not_supported: () => locationNotSupported,
  model_not_found: ({ model, endpoint }) => unknownModel(model, endpoint.version),
  invalid_request: () => invalidArgument('* GenerateContentRequest.contents: contents is not specified\n'),
  invalid_thought_signature: () => corruptedSignature,
};

/** Sends the error that a fault of a refusing kind stands for. */
export function sendRefusal(
  exchange: Exchange,
  fault: GoogleFault & { readonly kind: RefusalKind },
  refused: Refused & { inArray: boolean },
): void {
  const { encoding, kind, retryAfterSeconds } = fault;
  const headers = retryAfterSeconds === undefined ? [] : ([['retry-after', String(retryAfterSeconds)]] as const);
  if (kind === 'bad_gateway_html') {
    const content = { type: 'text/html', text: badGatewayPage };
    sendEncoded(exchange, { status: 502, headers, content, encoding });
    return;
  }
  const error = refusalOf(kind, refused, fault);
  sendApiError(exchange, { ...error, headers }, { inArray: refused.inArray, encoding });
}

export function refusalOf(kind: keyof typeof forms, refused: Refused, fault: GoogleFault): ApiError {
  return forms[kind](refused, fault);
}

/** The 429 of a window that is used up, in the form of the API that was asked. */
export function usedUp(window: WindowState<WindowName>, refused: Refused): ApiError {
  const { limit, resetAt } = window;
  const { api } = refused.endpoint;
  if (api === 'vertex') return vertexExhausted;
  if (api === 'gemini') return keyQuotaError({ ...refused, quota: window.name, limit, resetAt });
  const reason = window.name === 'day' ? 'QUOTA_EXHAUSTED' : 'RATE_LIMIT_EXCEEDED';
  return codeAssistQuota(reason, { ...refused, resetAt });
}

function key(quota: QuotaName, limit: number): Form {
  return (refused, fault) => keyQuotaError({ ...refused, quota, limit, resetAt: resetOf(refused, fault) });
}

function resetOf({ now }: Refused, { resetInSeconds }: GoogleFault): number {
  return now + resetInSeconds * 1000;
}
