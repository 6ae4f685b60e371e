/** A signal that aborts with another one, or when the time is up; which of the two it was is in `late`. */
export type Deadline = Disposable & { readonly signal: AbortSignal; readonly late: boolean };

export function deadline(timeoutMs: number, stop: AbortSignal): Deadline {
  const time = new AbortController();
  const timer = setTimeout(() => time.abort(), timeoutMs);
  return {
    signal: AbortSignal.any([time.signal, stop]),
    get late() {
      return time.signal.aborted;
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
