import { z } from 'zod';

/** Faults of the connection or of the head, the same at every provider; they come before any answer. */
export const connectionFaultKinds = [
  'cut_before_head',
  'hang_before_head',
  'slow',
  /** A body that is nothing, under the content type that the client asked for. */
  'garbage_body',
  /** A head of `headerBytes`. */
  'huge_header',
] as const;

/** Faults that break a streamed answer off; they wait for a streamed request. */
export const breakKinds = ['cut_mid', 'clean_end_mid', 'stall_mid'] as const;

/** The fields of a fault that mean the same at every provider. A provider adds `kind` and `path`. */
export const faultFields = {
  /** Name of the credential; any when absent. */
  credential: z.string().optional(),
  /** Part of the model's name; any when absent. */
  model: z.string().optional(),
  times: z.union([z.int().positive(), z.literal('always')]).default(1),
  /** Matching requests to let pass first. */
  skip: z.int().nonnegative().default(0),
  resetInSeconds: z.int().positive().default(3600),
  /** `retry-after` of a throttle or another refusal that has none by itself. */
  retryAfterSeconds: z.int().nonnegative().optional(),
  encoding: z.enum(['gzip', 'br', 'zstd', 'deflate']).optional(),
  /** Deltas that the client gets before a fault in the middle. */
  afterDeltas: z.int().nonnegative().default(1),
  /** How a cut looks: `close` ends the stream of bytes in the wrong place, `reset` also discards what is unread. */
  cut: z.enum(['close', 'reset']).default('close'),
  /** Rest before a `cut_mid`: a client that meets bytes and break together may report the break alone (Bun's fetch does). */
  pauseMs: z.number().nonnegative().default(20),
  /** How a truncated JSON body was framed: by a length it does not reach, or by chunks without the last. */
  framing: z.enum(['content-length', 'chunked']).default('content-length'),
  delayMs: z.number().nonnegative().default(1000),
  /** Status of a `garbage_body` and a `huge_header`. */
  status: z.int().min(200).max(599).default(200),
  headerBytes: z.int().positive().default(300_000),
};

/** What every provider's fault has. */
export type FaultBase = z.infer<z.ZodObject<typeof faultFields>> & {
  readonly kind: string;
  /** Exact path; absent where `fits` decides. */
  readonly path?: string | undefined;
};
export type Encoding = FaultBase['encoding'];

/** What a fault is matched by. */
export interface FaultTarget {
  readonly credential: string;
  readonly model: string;
  readonly path: string;
  readonly stream: boolean;
}

interface FaultForm<Fault, Target> {
  /** Throws zod's error for what is no fault. */
  readonly parse: (input: unknown) => Fault;
  /** What this provider asks besides credential, model, path and stream. */
  readonly fits?: (fault: Fault, target: Target) => boolean;
}

interface PendingFault<Fault> {
  readonly fault: Fault;
  skip: number;
  left: number;
}

/** The faults still to come, in the order of injection: the first that matches is taken. */
export class FaultPlan<Fault extends FaultBase, Target extends FaultTarget = FaultTarget> {
  private pending: PendingFault<Fault>[] = [];
  private readonly form: FaultForm<Fault, Target>;

  constructor(form: FaultForm<Fault, Target>) {
    this.form = form;
  }

  add(input: unknown): void {
    const fault = this.form.parse(input);
    const left = fault.times === 'always' ? Number.POSITIVE_INFINITY : fault.times;
    this.pending.push({ fault, skip: fault.skip, left });
  }

  clear(): void {
    this.pending = [];
  }

  /** Takes the fault that this request meets, and counts it. */
  take(target: Target): Fault | undefined {
    for (const entry of this.pending) {
      if (!this.matches(entry.fault, target)) continue;
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

  private matches(fault: Fault, target: Target): boolean {
    return (
      (fault.path === undefined || fault.path === target.path) &&
      (fault.credential === undefined || fault.credential === target.credential) &&
      (fault.model === undefined || target.model.includes(fault.model)) &&
      (!isBreak(fault.kind) || target.stream) &&
      (this.form.fits?.(fault, target) ?? true)
    );
  }
}

export function isBreak(kind: string): kind is (typeof breakKinds)[number] {
  return (breakKinds as readonly string[]).includes(kind);
}
