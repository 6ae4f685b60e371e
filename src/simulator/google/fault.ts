import { z } from 'zod';
import { breakKinds, connectionFaultKinds, faultFields } from '../provider/fault.ts';

/** Faults that answer with an error body in place of content. */
export const refusalKinds = [
  'key_rpm',
  'key_rpd',
  'key_input_tokens',
  'key_zero',
  'ca_quota',
  'ca_rate',
  'ca_daily',
  'ca_capacity',
  'credits',
  'vertex_exhausted',
  'bare_429',
  'unavailable',
  'internal',
  'timeout',
  'bad_gateway_html',
  'expired_token',
  'invalid_token',
  'invalid_key',
  'expired_key',
  'permission_denied',
  'validation_required',
  'location_not_supported',
  'model_not_found',
  'invalid_request',
  'invalid_thought_signature',
] as const;

/** Faults inside a streamed answer; they wait for a streamed request. */
export const streamFaultKinds = ['error_event_before_content', 'error_event_mid', ...breakKinds] as const;

/** Errors that can come inside a stream. */
const innerErrors = [
  'unavailable',
  'internal',
  'key_rpm',
  'ca_quota',
  'ca_capacity',
  'bare_429',
  'expired_token',
] as const;

export const faultSchema = z.strictObject({
  kind: z.enum([...refusalKinds, ...streamFaultKinds, ...connectionFaultKinds, 'truncated_json']),
  /** The method that meets it; `generateContent` stands for the streamed and the whole one, `token` for a login's. */
  path: z.string().default('generateContent'),
  ...faultFields,
  /** What an error inside a stream is. */
  error: z.enum(innerErrors).default('unavailable'),
});

export type GoogleFault = z.infer<typeof faultSchema>;
/** A fault as written: only `kind` is needed. */
export type GoogleFaultInput = z.input<typeof faultSchema>;
export type RefusalKind = (typeof refusalKinds)[number];
export type StreamFault = GoogleFault & { readonly kind: (typeof streamFaultKinds)[number] };

export function isRefusal<Kind extends string>(kind: Kind): kind is Kind & RefusalKind {
  return (refusalKinds as readonly string[]).includes(kind);
}

export function isStreamFault(fault: GoogleFault): fault is StreamFault {
  return (streamFaultKinds as readonly string[]).includes(fault.kind);
}

/** What this provider asks of a match besides credential, model and method. */
export function fits(fault: GoogleFault, { stream }: { stream: boolean }): boolean {
  if (fault.kind === 'truncated_json') return !stream;
  return !isStreamFault(fault) || stream;
}
