import type { Headers } from '../http/exchange.ts';
import type { ErrorAnswer } from './error-answer.ts';

export const expiredToken = unauthenticated(
  'OAuth token has expired. Please obtain a new token or refresh your existing token.',
);
export const invalidBearer = unauthenticated('Invalid bearer token');
export const invalidKey = unauthenticated('invalid x-api-key');
export const missingKey = unauthenticated('x-api-key header is required');
export const oauthNotSupported = unauthenticated('OAuth authentication is currently not supported.');

export const revokedToken = forbidden('OAuth token has been revoked. Please obtain a new token.');
export const oauthNotAllowed = forbidden('OAuth authentication is currently not allowed for this organization.');

export const lowCredit = invalidRequest(
  'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
);
export const organizationDisabled = invalidRequest('This organization has been disabled.');
export const invalidSignature = invalidRequest('messages.1.content.0: Invalid `signature` in `thinking` block');

export const notFound: ErrorAnswer = { status: 404, type: 'not_found_error', message: 'Not found' };
export const tooLarge: ErrorAnswer = {
  status: 413,
  type: 'request_too_large',
  message: 'Request exceeds the maximum size',
};

const headers: Headers = [['x-should-retry', 'true']];

export const overloaded: ErrorAnswer = { status: 529, type: 'overloaded_error', message: 'Overloaded', headers };
export const internalError: ErrorAnswer = {
  status: 500,
  type: 'api_error',
  message: 'Internal server error',
  headers,
};
export const serviceUnavailable: ErrorAnswer = { status: 503, type: 'api_error', message: 'Service unavailable' };
export const timedOut: ErrorAnswer = { status: 504, type: 'timeout_error', message: 'Request timed out' };

export const longContextCredits = 'Usage credits are required for long context requests.';
export const longContextExtraUsage = 'Extra usage is required for long context requests.';
export const accountLimitMessage = "This request would exceed your account's rate limit. Please try again later.";

export function rateLimited(message: string, headers: Headers = []): ErrorAnswer {
  return { status: 429, type: 'rate_limit_error', message, headers };
}

export function invalidRequest(message: string): ErrorAnswer {
  return { status: 400, type: 'invalid_request_error', message };
}

/** The monthly limit that a person set; the time is written to the minute. */
export function usageLimit(until: number): ErrorAnswer {
  const minuteMs = 60_000;
  const text = new Date(Math.ceil(until / minuteMs) * minuteMs).toISOString();
  return invalidRequest(
    `You have reached your specified API usage limits. You will regain access on ${text.slice(0, 10)} at ${text.slice(11, 16)} UTC.`,
  );
}

export function unknownModel(model: string): ErrorAnswer {
  return { status: 404, type: 'not_found_error', message: `model: ${model}` };
}

function unauthenticated(message: string): ErrorAnswer {
  return { status: 401, type: 'authentication_error', message };
}

function forbidden(message: string): ErrorAnswer {
  return { status: 403, type: 'permission_error', message };
}
