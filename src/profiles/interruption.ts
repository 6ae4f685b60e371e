import { constants } from 'node:os';
import type { Surroundings } from './surroundings.ts';

export type Interruption = Disposable & {
  /** From now on a signal ends the run. */
  watch(): void;
  /** From now on a signal is the agent's again. */
  leave(): void;
  /** The exit code for the signal that came, if one came. */
  code(): number | null;
};

/** Hears the signals that come while one account hands over to the next: no agent is there then to heed them. */
export function openInterruption({ signals }: Pick<Surroundings, 'signals'>): Interruption {
  let code: number | null = null;
  const heard = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(
    (signal) => [signal, () => void (code ??= 128 + constants.signals[signal])] as const,
  );
  const leave = (): void => {
    for (const [signal, handler] of heard) signals.off(signal, handler);
  };
  return {
    watch() {
      leave();
      code = null;
      for (const [signal, handler] of heard) signals.on(signal, handler);
    },
    leave,
    code: () => code,
    [Symbol.dispose]: leave,
  };
}
