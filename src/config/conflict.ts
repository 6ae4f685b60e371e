import { isLoopback } from '../lib/loopback.ts';
import type { Config } from './config-schema.ts';

/** What is wrong with a field in view of others, as the end of a sentence that begins with its name. */
export type Conflict = {
  readonly path: readonly string[];
  /** The setting that it does not go with, which may be the only one of the two in the file. */
  readonly other: readonly string[];
  readonly says: string;
};

/** Finds the first setting that does not go with another one. */
export function findConflict(config: Config): Conflict | undefined {
  return findOpenHost(config) ?? findSharedPort(config) ?? findSmallBudget(config);
}

function findOpenHost({ control, agent, insecureBind }: Config): Conflict | undefined {
  const open = Object.entries({ control, agent }).find(([, listener]) => !isLoopback(listener.host));
  if (open === undefined || insecureBind) return undefined;
  const says = `must be a loopback address: on "${open[1].host}" tokens would travel unencrypted, which only insecureBind = true allows`;
  return { path: [open[0], 'host'], other: ['insecureBind'], says };
}

function findSharedPort({ control, agent }: Config): Conflict | undefined {
  if (control.port === 0 || control.port !== agent.port) return undefined;
  const says = `must differ from control.port, and both are ${control.port}`;
  return { path: ['agent', 'port'], other: ['control', 'port'], says };
}

function findSmallBudget({ gateway }: Config): Conflict | undefined {
  if (gateway.bodiesInFlightMiB >= gateway.bodyLimitMiB) return undefined;
  const says = `must be at least gateway.bodyLimitMiB, which is ${gateway.bodyLimitMiB}`;
  return { path: ['gateway', 'bodiesInFlightMiB'], other: ['gateway', 'bodyLimitMiB'], says };
}
