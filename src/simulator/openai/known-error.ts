import { badGatewayPage } from '../provider/encoded-body.ts';
import type { ErrorAnswer, ErrorObject } from './error-answer.ts';

const signInAgain = 'Please try signing in again.';

export const tokenInvalidated: ErrorAnswer = {
  status: 401,
  body: {
    error: {
      message: `Your authentication token has been invalidated. ${signInAgain}`,
      type: 'invalid_request_error',
      code: 'token_invalidated',
      param: null,
    },
    status: 401,
  },
};
export const tokenExpired: ErrorAnswer = {
  status: 401,
  body: {
    error: {
      message: `Provided authentication token is expired. ${signInAgain}`,
      type: null,
      code: 'token_expired',
      param: null,
    },
    status: 401,
  },
};
export const accountDeactivated = error(401, {
  message: 'Your OpenAI account has been deactivated, please check your email for more information.',
  type: 'invalid_request_error',
  code: 'account_deactivated',
});
export const missingKey = error(401, {
  message:
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.",
  type: 'invalid_request_error',
  code: null,
});
export const missingScopes = error(401, {
  message: 'You have insufficient permissions for this operation. Missing scopes: api.responses.write.',
  type: 'invalid_request_error',
  code: 'missing_scope',
});
/** What the real backend says of another account's id is not proven; that it refuses is. */
export const foreignAccount: ErrorAnswer = { status: 403, body: { detail: 'Forbidden' } };
export const unauthorized: ErrorAnswer = { status: 401, body: { detail: 'Unauthorized' } };

export const insufficientQuota = error(429, {
  message:
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
  type: 'insufficient_quota',
  code: 'insufficient_quota',
});
export const paymentRequired = error(402, {
  message: 'Your account is not active, please check your billing details on our website.',
  type: 'billing_not_active',
  code: 'billing_not_active',
});
export const throttled: ErrorAnswer = { status: 429, body: { detail: 'Too Many Requests' } };
export const overloaded = error(503, {
  message: 'Our servers are currently overloaded. Please try again later.',
  type: 'service_unavailable_error',
  code: 'server_is_overloaded',
});
export const slowDown = error(503, {
  message: 'The server is overloaded. Please slow down and try again later.',
  type: 'service_unavailable_error',
  code: 'slow_down',
});
export const unavailable = error(503, {
  message: 'The server is temporarily unable to handle your request.',
  type: 'server_error',
  code: null,
});
export const internalError = error(500, {
  message: 'The server had an error while processing your request. Sorry about that!',
  type: 'server_error',
  code: null,
});
export const badGateway: ErrorAnswer = { status: 502, body: badGatewayPage };
export const cloudflareBlock: ErrorAnswer = {
  status: 403,
  body: '<html>Cloudflare: you have been blocked</html>',
  headers: [
    ['server', 'cloudflare'],
    ['cf-ray', '8f0000000000test-AMS'],
  ],
};
export const notFound: ErrorAnswer = { status: 404, body: { detail: 'Not Found' } };
export const upgradeRequired: ErrorAnswer = { status: 426, body: { detail: 'Upgrade Required' } };
export const storeMustBeFalse: ErrorAnswer = { status: 400, body: { detail: 'Store must be set to false' } };
export const streamMustBeTrue: ErrorAnswer = { status: 400, body: { detail: 'Stream must be set to true' } };
export const connectionLimit = error(400, {
  message: 'Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.',
  type: 'invalid_request_error',
  code: 'websocket_connection_limit_reached',
});

export function usageNotIncluded(planType: string): ErrorAnswer {
  const message = 'To use Codex with your ChatGPT plan, upgrade to Plus';
  return { status: 429, body: { error: { type: 'usage_not_included', message, plan_type: planType } } };
}

export function invalidKey(secret: string): ErrorAnswer {
  const shown = secret.length > 12 ? `${secret.slice(0, 8)}****${secret.slice(-4)}` : '****';
  return error(401, {
    message: `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  });
}

export function mismatched(what: 'Organization' | 'Project'): ErrorAnswer {
  return error(401, {
    message: `OpenAI-${what} header should match ${what.toLowerCase()} for API key`,
    type: 'invalid_request_error',
    code: `mismatched_${what.toLowerCase()}`,
  });
}

export function invalidRequest(message: string, param: string | null = null): ErrorAnswer {
  return error(400, { message, type: 'invalid_request_error', code: null, param });
}

export function unknownModel(model: string): ErrorAnswer {
  return error(404, {
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    type: 'invalid_request_error',
    code: 'model_not_found',
  });
}

/** The reason is the one that was seen when the organization differed. */
export function foreignReasoning(itemId: string): ErrorAnswer {
  return error(400, {
    message: `The encrypted content for item ${itemId} could not be verified. Reason: Encrypted content organization_id did not match the target organization.`,
    type: 'invalid_request_error',
    code: 'invalid_encrypted_content',
  });
}

export function unknownPrevious(id: string): ErrorAnswer {
  return error(400, {
    message: `Previous response with id '${id}' not found.`,
    type: 'invalid_request_error',
    code: 'previous_response_not_found',
    param: 'previous_response_id',
  });
}

export function unknownResponse(id: string): ErrorAnswer {
  return error(404, { message: `Response with id '${id}' not found.`, type: 'invalid_request_error', code: null });
}

export function unknownFile(id: string): ErrorAnswer {
  return error(404, { message: `No such File object: ${id}`, type: 'invalid_request_error', code: null, param: 'id' });
}

function error(status: number, { message, type, code, param }: ErrorObject): ErrorAnswer {
  return { status, body: { error: { message, type: type ?? null, param: param ?? null, code: code ?? null } } };
}
