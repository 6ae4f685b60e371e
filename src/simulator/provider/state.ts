import type { FaultBase, FaultPlan, FaultTarget } from './fault.ts';
import { RequestLog } from './request-log.ts';

/** A credential with what it has spent, as far as its provider does not matter. */
export interface NamedCredential<State = unknown> {
  readonly name: string;
  /** Throws zod's error for what is no change. */
  change(change: unknown, now: number): void;
  state(now: number): State;
}

/** What a request is answered from; a provider adds its own. */
export interface ProviderState<Credential extends NamedCredential, Plan extends AnyFaultPlan> {
  readonly credentials: readonly Credential[];
  readonly faults: Plan;
  readonly log: RequestLog;
  readonly deltaDelayMs: number;
  readonly now: () => number;
  /** 24 hexadecimal digits, another each time. */
  readonly nextId: () => string;
}

type AnyFaultPlan = Pick<FaultPlan<FaultBase, FaultTarget>, 'add' | 'clear'>;

interface StateParts<Credential, Plan> {
  readonly credentials: readonly Credential[];
  /** The plan, and the faults that the scenario starts with. */
  readonly faults: Plan;
  readonly firstFaults: readonly unknown[];
  readonly deltaDelayMs: number;
  readonly now: () => number;
}

export function newProviderState<Credential extends NamedCredential, Plan extends AnyFaultPlan>(
  parts: StateParts<Credential, Plan>,
): ProviderState<Credential, Plan> {
  const { firstFaults, ...rest } = parts;
  for (const fault of firstFaults) parts.faults.add(fault);
  const run = crypto.getRandomValues(Buffer.alloc(8)).toString('hex');
  let count = 0;
  return { ...rest, log: new RequestLog(), nextId: () => `${run}${(++count).toString(16).padStart(8, '0')}` };
}

/** Throws for a name that the scenario does not have. */
export function credentialNamed<Credential extends NamedCredential>(
  credentials: readonly Credential[],
  name: string,
): Credential {
  const found = credentials.find((credential) => credential.name === name);
  if (found === undefined) throw new RangeError(`no credential is named ${name}`);
  return found;
}
