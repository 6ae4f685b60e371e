import { z } from 'zod';
import { breakKinds, connectionFaultKinds, FaultPlan, faultFields } from '../provider/fault.ts';

/** Faults that answer with an error body instead of a message. */
export const refusalKinds = [
  'five_hour',
  'seven_day',
  'seven_day_opus',
  'seven_day_sonnet',
  'seven_day_overage_included',
  'spend_cap',
  'out_of_credits',
  'credits_required',
  'long_context_credits',
  'long_context_extra_usage',
  'throttle',
  'org_rate_limit',
  'retry_after_only',
  'overloaded',
  'unavailable',
  'internal',
  'timeout',
  'bad_gateway_html',
  'invalid_bearer',
  'expired_token',
  'invalid_key',
  'revoked',
  'org_disallows_oauth',
  'org_disabled',
  'low_credit',
  'usage_limit',
  'model_not_found',
  'too_large',
  'invalid_request',
  'invalid_thinking_signature',
] as const;

/** Faults inside a streamed answer; they wait for a streamed request. */
const streamFaultKinds = ['error_event_before_content', 'error_event_mid', ...breakKinds] as const;

export const faultSchema = z.strictObject({
  ...faultFields,
  kind: z.enum([...refusalKinds, ...streamFaultKinds, ...connectionFaultKinds, 'truncated_json']),
  /** Exact path; `/v1/messages` when absent. */
  path: z.string().default('/v1/messages'),
  errorType: z
    .enum(['overloaded_error', 'rate_limit_error', 'api_error', 'authentication_error'])
    .default('overloaded_error'),
  /** Sends a ping before an `error_event_before_content`. */
  afterPing: z.boolean().default(false),
});

export type Fault = z.infer<typeof faultSchema>;
/** A fault as written: only `kind` is needed. */
export type FaultInput = z.input<typeof faultSchema>;
export type FaultKind = Fault['kind'];
export type RefusalKind = (typeof refusalKinds)[number];
export type StreamFaultKind = (typeof streamFaultKinds)[number];

export function isRefusal(kind: FaultKind): kind is RefusalKind {
  return (refusalKinds as readonly string[]).includes(kind);
}

export function isStreamFault(kind: FaultKind): kind is StreamFaultKind {
  return (streamFaultKinds as readonly string[]).includes(kind);
}

export function newFaultPlan(): FaultPlan<Fault> {
  return new FaultPlan({
    parse: (input) => faultSchema.parse(input),
    fits: ({ kind }, { stream }) => (kind === 'truncated_json' ? !stream : stream || !isStreamFault(kind)),
  });
}
