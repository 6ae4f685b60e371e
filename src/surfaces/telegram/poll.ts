import type { Update } from 'grammy/types';
import { secondMs } from '../../core/time.ts';
import { type BotApi, BotApiError, pollSeconds } from './bot-api.ts';

export type PollDeps = {
  readonly api: BotApi;
  /** `queued`: it may have waited since before the first request. */
  readonly handle: (update: Update, queued: boolean) => void;
  /** Whether the Bot API was reached; null once it is again. */
  readonly trouble: (error: BotApiError | null) => void;
  /** Waits; rejects or resolves at once when `signal` aborts. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>;
};

const longestPauseMs = 60 * secondMs;
const updateTypes = ['message', 'callback_query'] as const;

/**
 * Reads updates until `signal` aborts; rejects with a BotApiError where the token is refused. An update is handled after
 * the request that confirms it was answered, so that no restart handles it twice: a crash in between loses a command
 * that nobody has seen an answer to.
 */
export async function poll(deps: PollDeps, signal: AbortSignal): Promise<void> {
  let received: readonly Update[] = [];
  let queued = true;
  let offset = 0;
  while (!signal.aborted) {
    const ask = { offset, timeout: received.length === 0 ? pollSeconds : 0, allowed_updates: [...updateTypes] };
    const next = await insist(deps, () => deps.api('getUpdates', ask, signal), signal);
    if (next === undefined) return;
    for (const update of received) deps.handle(update, queued);
    received = next;
    if (next.length === 0) queued = false;
    offset = (next.at(-1)?.update_id ?? offset - 1) + 1;
  }
}

/** Calls until it works; undefined when `signal` aborts before it does. */
export async function insist<Result>(
  { trouble, wait }: Pick<PollDeps, 'trouble' | 'wait'>,
  call: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result | undefined> {
  for (let pauseMs = secondMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      const result = await call();
      trouble(null);
      return result;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof BotApiError) || isFinal(error)) throw error;
      trouble(error);
      await wait(error.retryAfterMs ?? pauseMs, signal);
      if (signal.aborted) return undefined;
    }
  }
}

/** A token that is refused, or, where it is not of the right form at all, a path that is not there. */
function isFinal({ status }: BotApiError): boolean {
  return status === 401 || status === 404;
}
