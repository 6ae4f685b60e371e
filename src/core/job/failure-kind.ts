/**
 * Why an attempt did not finish its job, in the order in which evidence is believed: where two kinds fit, the earlier
 * one is meant.
 *
 * - `window`: an account's limit, until its reset. `throttle`: a short one. `overload`: the provider's trouble, nobody's limit.
 * - `billing`, `auth`, `entitlement`: of the account, until a person mends it.
 * - `context-overflow`: the conversation is too long for the model. `mcp-lost`: a tool server went away.
 * - `network`: the provider cannot be reached. `out-of-memory`, `disk-full`: of the machine.
 * - `launch`: the agent could not be started. `crash`: it ended by a signal, or without a word.
 * - `task`: the agent says itself that it failed. `unknown`: nothing that we know.
 */
export const failureKinds = [
  'window',
  'billing',
  'auth',
  'entitlement',
  'context-overflow',
  'throttle',
  'overload',
  'disk-full',
  'out-of-memory',
  'mcp-lost',
  'network',
  'launch',
  'crash',
  'task',
  'unknown',
] as const;
export type FailureKind = (typeof failureKinds)[number];
