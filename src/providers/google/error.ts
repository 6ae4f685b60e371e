import { parseJson } from '../../lib/parse-json.ts';

/** One quota that is used up. https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto */
export type Violation = { readonly quotaId: string; readonly model: string | null };

/** An error of Google's APIs. https://cloud.google.com/apis/design/errors */
export type GoogleError = {
  readonly code: number | null;
  /** `RESOURCE_EXHAUSTED`. */
  readonly status: string;
  readonly message: string;
  /** Of ErrorInfo: `QUOTA_EXHAUSTED`. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of RetryInfo: `35.6s`. */
  readonly retryDelay: string | null;
  readonly violations: readonly Violation[];
};

/** Reads an error body, which is an array of one on some streams; null for anything that is none. */
export function parseError(body: string | null): GoogleError | null {
  if (body === null) return null;
  const parsed = parseJson(body);
  const error = field(Array.isArray(parsed) ? parsed[0] : parsed, 'error');
  if (typeof error !== 'object' || error === null) return null;
  const code = field(error, 'code');
  const details = listOf(field(error, 'details'));
  const info = detail(details, 'ErrorInfo');
  return {
    code: typeof code === 'number' ? code : null,
    status: textOf(field(error, 'status')),
    message: textOf(field(error, 'message')),
    reason: textOf(field(info, 'reason')),
    metadata: textsOf(field(info, 'metadata')),
    retryDelay: textOf(field(detail(details, 'RetryInfo'), 'retryDelay')) || null,
    violations: listOf(field(detail(details, 'QuotaFailure'), 'violations')).map((each) => ({
      quotaId: textOf(field(each, 'quotaId')),
      model: textOf(field(field(each, 'quotaDimensions'), 'model')) || null,
    })),
  };
}

/** A short text for people and logs: what the provider said, or the bare status. */
export function evidenceOf(status: number, error: GoogleError | null): string {
  if (error === null) return `HTTP ${status}`;
  const quota = error.violations.find((each) => each.quotaId !== '')?.quotaId;
  const words = quota ?? error.message.split('\n', 1)[0] ?? '';
  return `HTTP ${status} ${excerptOf(error.reason || error.status)}: ${excerptOf(words)}`;
}

/** The provider's words alone, for an account that it refuses. */
export function wordsOf(status: number, error: GoogleError | null): string {
  return error === null || error.message === '' ? `HTTP ${status}` : excerptOf(error.message);
}

/** The start of a provider's text, without what looks like a secret. */
export function excerptOf(text: string): string {
  return text
    .replace(/\bbearer[\s:="']+[\w.~+/=-]{8,}/gi, 'Bearer …')
    .replace(/\bAIza[\w-]{3,}/g, 'AIza…')
    .replace(/\bya29\.[\w.-]{3,}/g, 'ya29.…')
    .replace(/\bAQ\.[\w-]{8,}/g, 'AQ.…')
    .slice(0, 160);
}

function detail(details: readonly unknown[], type: string): unknown {
  return details.find((each) => textOf(field(each, '@type')).endsWith(`google.rpc.${type}`));
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((each): each is [string, string] => typeof each[1] === 'string'),
  );
}
