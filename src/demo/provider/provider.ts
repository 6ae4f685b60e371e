import { secondMs, type EpochMs } from '../../core/time.ts';
import type { SeenRequest } from '../../simulator/provider/request-log.ts';

/** A simulated provider of the demo, as far as the demo itself has to do with it. */
export type DemoSimulator = {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** Uses up what an account has left. */
  useUp(label: string): void;
  stop(): void;
};

/** The provider that an agent of the demo works with, with its three accounts. */
export type DemoProvider = {
  readonly id: string;
  /** The model all along. */
  readonly model: string;
  /** The window whose bar the panel shows. */
  readonly window: string;
  /** Starts it; it pauses before each piece of an answer. */
  start(now: EpochMs, deltaDelayMs: number): DemoSimulator;
  /** The account's secret, as a user would give it. */
  secretOf(label: string): string;
  /** Whether a request to this path asks the model. */
  asksModel(path: string): boolean;
};

/** The first has two requests left and opens soon; the second has eleven; the third lasts until it is used up. */
export const demoLabels = ['personal', 'work', 'team'] as const;

/** No deadline is taken for shorter than this, so that the first account's new window comes no sooner. */
export const shortestCooldownMs = 10 * secondMs;
