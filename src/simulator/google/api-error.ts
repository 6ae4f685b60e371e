import type { Headers } from '../http/exchange.ts';

/** The canonical codes of Google's APIs that the simulator uses. */
export type Status =
  | 'INVALID_ARGUMENT'
  | 'FAILED_PRECONDITION'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'RESOURCE_EXHAUSTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED';

/** An answer of Google's error model, before it is sent: https://google.aip.dev/193. */
export interface ApiError {
  readonly code: number;
  readonly status: Status;
  readonly message: string;
  readonly details?: readonly object[];
  readonly headers?: Headers;
}

/** Where a refused call went, as details of an error name it. */
export interface Service {
  readonly name: string;
  readonly method: string;
}

const typePrefix = 'type.googleapis.com/google.rpc.';

export function errorObject({ code, message, status, details }: ApiError): object {
  const error = { code, message, status };
  return { error: details === undefined ? error : { ...error, details } };
}

export function errorInfo(reason: string, domain: string, metadata: Readonly<Record<string, string>> = {}): object {
  return { '@type': `${typePrefix}ErrorInfo`, reason, domain, metadata };
}

export function retryInfo(delaySeconds: number): object {
  return { '@type': `${typePrefix}RetryInfo`, retryDelay: `${delaySeconds}s` };
}

export function help(description: string, url: string): object {
  return { '@type': `${typePrefix}Help`, links: [{ description, url }] };
}

export function quotaFailure(violations: readonly object[]): object {
  return { '@type': `${typePrefix}QuotaFailure`, violations };
}
