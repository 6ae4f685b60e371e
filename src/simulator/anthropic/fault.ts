import { z } from 'zod';

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
export const streamFaultKinds = [
  'error_event_before_content',
  'error_event_mid',
  'cut_mid',
  'clean_end_mid',
  'stall_mid',
] as const;

const connectionFaultKinds = ['cut_before_head', 'hang_before_head', 'slow'] as const;

export const faultSchema = z.strictObject({
  kind: z.enum([...refusalKinds, ...streamFaultKinds, ...connectionFaultKinds, 'truncated_json']),
  /** Name of the credential; any when absent. */
  credential: z.string().optional(),
  /** Part of the model's name; any when absent. */
  model: z.string().optional(),
  /** Exact path; `/v1/messages` when absent. */
  path: z.string().default('/v1/messages'),
  times: z.union([z.int().positive(), z.literal('always')]).default(1),
  /** Matching requests to let pass first. */
  skip: z.int().nonnegative().default(0),
  resetInSeconds: z.int().positive().default(3600),
  /** `retry-after` of a throttle or another refusal that has none by itself. */
  retryAfterSeconds: z.int().nonnegative().optional(),
  encoding: z.enum(['gzip', 'br', 'zstd', 'deflate']).optional(),
  errorType: z
    .enum(['overloaded_error', 'rate_limit_error', 'api_error', 'authentication_error'])
    .default('overloaded_error'),
  /** Sends a ping before an `error_event_before_content`. */
  afterPing: z.boolean().default(false),
  /** Deltas that the client gets before a fault in the middle. */
  afterDeltas: z.int().nonnegative().default(1),
  /** How a cut looks: `close` ends the stream of bytes in the wrong place, `reset` also discards what is unread. */
  cut: z.enum(['close', 'reset']).default('close'),
  /** Rest before a `cut_mid`: a client that meets bytes and break together may report the break alone (Bun's fetch does). */
  pauseMs: z.number().nonnegative().default(20),
  /** How a truncated JSON body was framed: by a length it does not reach, or by chunks without the last. */
  framing: z.enum(['content-length', 'chunked']).default('content-length'),
  delayMs: z.number().nonnegative().default(1000),
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

/** What a fault is matched by. */
export interface FaultTarget {
  readonly credential: string;
  readonly model: string;
  readonly path: string;
  readonly stream: boolean;
}

interface PendingFault {
  readonly fault: Fault;
  skip: number;
  left: number;
}

/** The faults still to come, in the order of injection: the first that matches is taken. */
export class FaultPlan {
  private pending: PendingFault[] = [];

  add(input: FaultInput): void {
    const fault = faultSchema.parse(input);
    const left = fault.times === 'always' ? Number.POSITIVE_INFINITY : fault.times;
    this.pending.push({ fault, skip: fault.skip, left });
  }

  clear(): void {
    this.pending = [];
  }

  /** Takes the fault that this request meets, and counts it. */
  take(target: FaultTarget): Fault | undefined {
    for (const entry of this.pending) {
      if (!matches(entry.fault, target)) continue;
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      entry.left -= 1;
      if (entry.left === 0) this.pending = this.pending.filter((other) => other !== entry);
      return entry.fault;
    }
    return undefined;
  }
}

function matches(fault: Fault, target: FaultTarget): boolean {
  return (
    fault.path === target.path &&
    (fault.credential === undefined || fault.credential === target.credential) &&
    (fault.model === undefined || target.model.includes(fault.model)) &&
    (!isStreamFault(fault.kind) || target.stream) &&
    (fault.kind !== 'truncated_json' || !target.stream)
  );
}
