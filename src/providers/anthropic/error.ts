/** The error body of Anthropic's API and the data of its `error` events. https://docs.claude.com/en/api/errors */
export type AnthropicError = {
  readonly type: string;
  readonly message: string;
  /** `error.details.error_code`, where a limit is a matter of entitlement: `credits_required`. */
  readonly code: string | null;
};

/** Reads an error; null for anything that is not one, such as the HTML page of a proxy in between. */
export function parseError(body: string | null): AnthropicError | null {
  if (body === null) return null;
  try {
    const parsed: unknown = JSON.parse(body);
    const error = field(parsed, 'error');
    const type = field(error, 'type');
    if (typeof type !== 'string') return null;
    const message = field(error, 'message');
    const code = field(field(error, 'details'), 'error_code');
    return { type, message: typeof message === 'string' ? message : '', code: typeof code === 'string' ? code : null };
  } catch {
    return null;
  }
}

/** A short text for people and logs: what the provider said, or the bare status. */
export function evidenceOf(status: number, error: AnthropicError | null): string {
  return error === null ? `HTTP ${status}` : `HTTP ${status} ${excerptOf(error.type)}: ${excerptOf(error.message)}`;
}

/** The provider's words alone, for an account that it refuses. */
export function wordsOf(status: number, error: AnthropicError | null): string {
  return error === null || error.message === '' ? `HTTP ${status}` : excerptOf(error.message);
}

/** The start of a provider's text, without what looks like a secret: some repeat a request's headers in their errors. */
export function excerptOf(text: string): string {
  return text
    .replace(/\bbearer[\s:="']+[\w.~+/=-]{8,}/gi, 'Bearer …')
    .replace(/\bsk-[\w-]{3,}/gi, 'sk-…')
    .slice(0, 160);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
