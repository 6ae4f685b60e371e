import { pause } from '../../lib/pause.ts';
import type { Lasting } from './lasting.ts';

/** Events come in bursts; each is seen, but not each is drawn. */
const burstMs = 100;

/** When to look again: at the latest after a time, else when something has happened since the last look. */
export function openTurns(daemon: Lasting, signal: AbortSignal): { next(everyMs: number): Promise<void> } {
  let happened = new AbortController();
  const listen = async (): Promise<void> => {
    for await (const _ of daemon.stream('event.watch', { from: () => ({}) })) happened.abort();
  };
  // Without events there is still the interval.
  listen().catch(() => undefined);
  return {
    async next(everyMs) {
      await pause(everyMs, AbortSignal.any([signal, happened.signal]));
      if (!happened.signal.aborted) return;
      await pause(burstMs, signal);
      happened = new AbortController();
    },
  };
}
