import type { ErrorObject } from './error-answer.ts';
import type { Fault, streamErrorCodes } from './fault.ts';
import { rateLimitMessage, type Refused, usageLimitError } from './limit-error.ts';

const messages: Readonly<Record<(typeof streamErrorCodes)[number], string>> = {
  server_is_overloaded: 'Our servers are currently overloaded. Please try again later.',
  slow_down: 'The server is overloaded. Please slow down and try again later.',
  rate_limit_exceeded: '',
  insufficient_quota: 'You exceeded your current quota, please check your plan and billing details.',
  usage_limit_reached: '',
  usage_not_included: 'To use Codex with your ChatGPT plan, upgrade to Plus',
  server_error: 'An error occurred while processing your request.',
  context_length_exceeded:
    'Your input exceeds the context window of this model. Please adjust your input and try again.',
  invalid_prompt: 'Invalid prompt: your prompt was flagged as potentially violating our usage policy.',
  invalid_encrypted_content: 'The encrypted content could not be verified.',
};

/** The error object of a fault inside a 200. */
export function streamErrorOf({ code, resetInSeconds }: Fault, { credential, model, now }: Refused): ErrorObject {
  const resetMs = resetInSeconds * 1000;
  if (code === 'usage_limit_reached') {
    const planType = credential.kind === 'plan' ? credential.planType : 'plus';
    return { code, ...usageLimitError(planType, now + resetMs, now) };
  }
  if (code !== 'rate_limit_exceeded') return { code, message: messages[code] };
  const organization = credential.kind === 'api_key' ? credential.organization : 'org-test';
  const amounts = { limit: 30_000, used: 29_000, requested: 4000 };
  return { code, message: rateLimitMessage('tokens', { model, organization, resetMs, ...amounts }) };
}
