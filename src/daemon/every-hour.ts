import { hourMs, minuteMs, type EpochMs } from '../core/time.ts';

/** Runs something an hour from now and every hour after that, of wall clock: a sleep of the machine is no exception. */
export function everyHour(clock: () => EpochMs, run: () => void): { stop(): void } {
  let dueAt = clock() + hourMs;
  const timer = setInterval(() => {
    const now = clock();
    if (now < dueAt) return;
    dueAt = now + hourMs;
    run();
  }, minuteMs);
  return { stop: () => clearInterval(timer) };
}
