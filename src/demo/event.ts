import type { EpochMs } from '../core/time.ts';

/** What there is to see in the demo, in the words of the glossary. Accounts are named by their labels. */
export type DemoEvent = { readonly at: EpochMs } & (
  | { readonly kind: 'turn-started'; readonly turn: number; readonly prompt: string }
  /** A piece of the answer. */
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'turn-done'; readonly turn: number }
  | {
      readonly kind: 'limit';
      readonly account: string;
      readonly window: string;
      readonly family: string | null;
      readonly until: EpochMs;
    }
  | { readonly kind: 'overload'; readonly account: string; readonly status: number }
  | { readonly kind: 'moved'; readonly from: string; readonly to: string }
  | { readonly kind: 'hold-started'; readonly until: EpochMs; readonly opensFirst: string }
  | { readonly kind: 'hold-ended'; readonly heldMs: number; readonly account: string }
  /** An error that reached the agent, which the gateway should have kept from it. */
  | { readonly kind: 'agent-error'; readonly message: string }
);
