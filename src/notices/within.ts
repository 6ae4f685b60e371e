import { Problem } from '../core/problem.ts';
import { formatDuration } from '../core/time.ts';

type Run<Value> = (signal: AbortSignal) => Promise<Value>;

/**
 * Runs something for at most so long, or until `signal` aborts; then it rejects at once, even where what runs takes no heed
 * of its own signal.
 */
export async function within<Value>(limitMs: number, signal: AbortSignal, run: Run<Value>): Promise<Value> {
  const late = new AbortController();
  const limited = AbortSignal.any([signal, late.signal]);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(limited.reason);
  limited.addEventListener('abort', abort);
  const timer = setTimeout(() => {
    late.abort(new Problem('upstream', `It took longer than ${formatDuration(limitMs)}.`));
  }, limitMs);
  try {
    limited.throwIfAborted();
    return await Promise.race([run(limited), aborted]);
  } finally {
    clearTimeout(timer);
    limited.removeEventListener('abort', abort);
  }
}
