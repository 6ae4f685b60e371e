/** Timers that were set and have neither fired nor been cleared, and the clock that this process goes by. */
export type Timers = Disposable & {
  readonly open: number;
  /** Moves the clock and runs what is run every so many milliseconds. */
  runEvery(ms: number, passes: number): void;
};

type Timer = ReturnType<typeof setTimeout>;

/** Stands between this process and its timers, since Bun has no way to list them. */
export function countTimers(): Timers {
  const { setTimeout: later, setInterval: again, clearTimeout: forget, clearInterval: forgetAgain } = globalThis;
  const now = Date.now;
  const open = new Map<unknown, { readonly everyMs: number | null; readonly run: () => void }>();
  let offsetMs = 0;
  type Run = (...args: unknown[]) => void;
  const setLater = (run: Run, ms?: number, ...args: unknown[]): Timer => {
    const timer: Timer = later(() => {
      open.delete(timer);
      run(...args);
    }, ms);
    open.set(timer, { everyMs: null, run: () => run(...args) });
    return timer;
  };
  const setAgain = (run: Run, ms?: number, ...args: unknown[]): Timer => {
    const timer = again(() => run(...args), ms);
    open.set(timer, { everyMs: ms ?? 0, run: () => run(...args) });
    return timer;
  };
  const clear = (timer: Timer | undefined): void => {
    open.delete(timer);
    forget(timer);
    forgetAgain(timer);
  };
  Object.assign(globalThis, { setTimeout: setLater, setInterval: setAgain, clearTimeout: clear, clearInterval: clear });
  Date.now = () => now() + offsetMs;
  return {
    get open() {
      return open.size;
    },
    runEvery(ms, passes) {
      offsetMs += passes;
      for (const { everyMs, run } of [...open.values()]) if (everyMs === ms) run();
    },
    [Symbol.dispose]() {
      Object.assign(globalThis, {
        ...{ setTimeout: later, setInterval: again, clearTimeout: forget, clearInterval: forgetAgain },
      });
      Date.now = now;
    },
  };
}
