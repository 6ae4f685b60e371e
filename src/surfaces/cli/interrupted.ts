import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What ends a command that goes on by itself. */
export type Interruption = Disposable & {
  readonly signal: AbortSignal;
  /** 128 and the signal's number, as a shell shows it; 0 where there was none. */
  code(): number;
};

/** From here on Ctrl-C, SIGTERM, a lost terminal and a reader that has gone abort the signal; none ends the process. */
export function untilInterrupted(): Interruption {
  const controller = new AbortController();
  let code = 0;
  const handlers = signals.map((name) => {
    const handler = (): void => {
      // A signal to the process group arrives twice, directly and through the launcher.
      if (code === 0) code = 128 + constants.signals[name];
      controller.abort();
    };
    process.on(name, handler);
    return [name, handler] as const;
  });
  const unread = (): void => controller.abort();
  process.stdout.on('error', unread);
  return {
    signal: controller.signal,
    code: () => code,
    [Symbol.dispose]() {
      process.stdout.off('error', unread);
      for (const [name, handler] of handlers) process.off(name, handler);
      controller.abort();
    },
  };
}
