import type { EpochMs } from '../time.ts';

/** How full a window is. */
export type Reading = {
  readonly window: string;
  readonly family: string | null;
  /** 0 to 1, above 1 when overdrawn; null when the provider did not say. */
  readonly utilization: number | null;
  readonly resetsAt: EpochMs | null;
};

/**
 * One observation about an account, as a provider adapter reads it from a response.
 *
 * - `closed`: the window takes no work; `until` null when the provider gave no usable time.
 * - `open`: the provider said that the window has something left. Clears a limit only when the request that brought
 *   it was sent after that limit was observed.
 * - `reading`: how full the window is, for people and for the strategy `soonest-reset`. Never closes anything.
 * - `refused`: the credential as a whole is no longer accepted.
 */
export type Signal =
  | {
      readonly kind: 'closed';
      readonly window: string;
      readonly family: string | null;
      readonly overage: boolean;
      readonly until: EpochMs | null;
      readonly evidence: string;
    }
  | { readonly kind: 'open'; readonly window: string; readonly family: string | null }
  | ({ readonly kind: 'reading' } & Reading)
  | { readonly kind: 'refused'; readonly evidence: string };
