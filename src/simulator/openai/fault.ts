import { z } from 'zod';
import {
  breakKinds,
  connectionFaultKinds,
  FaultPlan,
  faultFields,
  type FaultTarget,
  isBreak,
} from '../provider/fault.ts';

/** Faults that answer with an error in place of a response. */
const refusalKinds = [
  'usage_limit',
  'usage_limit_weekly',
  'usage_limit_model',
  'workspace_owner_credits_depleted',
  'workspace_member_credits_depleted',
  'workspace_owner_usage_limit_reached',
  'workspace_member_usage_limit_reached',
  'usage_not_included',
  'insufficient_quota',
  'payment_required',
  'rate_limit_tokens',
  'rate_limit_requests',
  'throttle',
  'overloaded',
  'slow_down',
  'unavailable',
  'internal',
  'bad_gateway_html',
  'token_invalidated',
  'token_expired',
  'invalid_key',
  'cloudflare_html',
  'account_deactivated',
  'model_not_found',
  'invalid_request',
  'invalid_encrypted_content',
  'previous_response_not_found',
  'connection_limit',
  'upgrade_required',
] as const;

/** Faults inside a 200; they wait for a streamed answer. */
const streamErrorKinds = [
  'failed_before_content',
  'failed_mid',
  'error_event_before_content',
  'error_event_mid',
] as const;

/** Streams the bytes in pieces of `pieceBytes`, wherever events and frames begin. */
const splitKind = 'split';

/** Faults that only a WebSocket can have. */
const socketFaultKinds = ['fragmented', 'garbled_frame', 'close_frame'] as const;

/** What an error inside a 200 can say. */
export const streamErrorCodes = [
  'server_is_overloaded',
  'slow_down',
  'rate_limit_exceeded',
  'insufficient_quota',
  'usage_limit_reached',
  'usage_not_included',
  'server_error',
  'context_length_exceeded',
  'invalid_prompt',
  'invalid_encrypted_content',
] as const;

export const faultSchema = z.strictObject({
  ...faultFields,
  kind: z.enum([
    ...refusalKinds,
    ...streamErrorKinds,
    ...breakKinds,
    ...connectionFaultKinds,
    ...socketFaultKinds,
    splitKind,
    'truncated_json',
  ]),
  /** Exact path; what answers with a model when absent. */
  path: z.string().optional(),
  /** What it meets: a request over HTTP, an upgrade, or a request in a WebSocket. Absent: both kinds of request. */
  on: z.enum(['http', 'upgrade', 'frame', 'warm-up']).optional(),
  /** The code of an error inside a 200. */
  code: z.enum(streamErrorCodes).default('server_is_overloaded'),
  /** The code of a `close_frame`. */
  closeCode: z.int().min(1000).max(4999).default(1011),
  /** Bytes in each piece of a `fragmented` message, or of a `split` stream. */
  pieceBytes: z.int().positive().default(7),
});

export type Fault = z.infer<typeof faultSchema>;
/** A fault as written: only `kind` is needed. */
export type FaultInput = z.input<typeof faultSchema>;
export type RefusalKind = (typeof refusalKinds)[number];
export type StreamErrorKind = (typeof streamErrorKinds)[number];

export interface OpenAiTarget extends FaultTarget {
  readonly via: 'http' | 'upgrade' | 'frame' | 'warm-up';
  /** Whether the path answers with a model. */
  readonly inference: boolean;
}

export function isRefusal(kind: Fault['kind']): kind is RefusalKind {
  return (refusalKinds as readonly string[]).includes(kind);
}

export function isStreamError(kind: Fault['kind']): kind is StreamErrorKind {
  return (streamErrorKinds as readonly string[]).includes(kind);
}

/** The fault if it strikes inside a streamed answer. */
export function inStream(fault: Fault | undefined): Fault | undefined {
  return fault !== undefined && (isStreamError(fault.kind) || isBreak(fault.kind)) ? fault : undefined;
}

function isOfSockets(kind: Fault['kind']): boolean {
  return (socketFaultKinds as readonly string[]).includes(kind);
}

export function newFaultPlan(): FaultPlan<Fault, OpenAiTarget> {
  return new FaultPlan({ parse: (input) => faultSchema.parse(input), fits });
}

function fits({ kind, on, path }: Fault, { via, inference, stream }: OpenAiTarget): boolean {
  if (path === undefined && !inference) return false;
  if (on === undefined ? via !== 'http' && via !== 'frame' : on !== via) return false;
  if (isOfSockets(kind)) return via === 'frame' || via === 'warm-up';
  if (kind === 'truncated_json') return !stream && via === 'http';
  return stream || !(kind === splitKind || isStreamError(kind) || isBreak(kind));
}
