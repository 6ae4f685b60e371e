import { constants } from 'node:os';
import { isCancel, select } from '@clack/prompts';

/** What a person, or a signal, wants who ends a run before its job has ended. */
export type Leaving = Disposable & {
  /** Aborts when the run is to end and the job to go on. */
  readonly detached: AbortSignal;
  /** 128 and the signal's number; 0 where nobody has detached. */
  code(): number;
};

type Wish = {
  /** Whether there is somebody to ask. */
  readonly interactive: boolean;
  readonly cancel: () => void;
  /** Called while something is asked, and afterwards. */
  readonly hold: (isHeld: boolean) => void;
  /** Aborts when the job has ended and there is nothing left to ask. */
  readonly over: AbortSignal;
};

/** A signal to the process group arrives twice, directly and through the launcher. */
const echoMs = 300;
const brokenPipeCode = 128 + constants.signals.SIGPIPE;

/**
 * From here on Ctrl-C asks whether the job is to go on, and where nobody can be asked cancels it; a second one, SIGTERM,
 * a lost terminal and a reader that has gone detach.
 */
export function listenForLeaving({ interactive, cancel, hold, over }: Wish): Leaving {
  const detached = new AbortController();
  let code = 0;
  let interruptedAt = 0;
  const detach = (because: number): void => {
    if (code === 0) code = because;
    detached.abort();
  };
  const interrupted = (): void => {
    const isEcho = performance.now() - interruptedAt < echoMs;
    const isFirst = interruptedAt === 0;
    if (isEcho && !isFirst) return;
    interruptedAt = performance.now();
    if (!isFirst) return detach(128 + constants.signals.SIGINT);
    if (!interactive) return cancel();
    void ask();
  };
  const ask = async (): Promise<void> => {
    hold(true);
    const answer = await askWhatNow(AbortSignal.any([over, detached.signal]));
    hold(false);
    if (answer === 'detach') detach(128 + constants.signals.SIGINT);
    else if (answer === 'cancel') cancel();
    // The next Ctrl-C is a first one again.
    else interruptedAt = 0;
  };
  const terminated = (): void => detach(128 + constants.signals.SIGTERM);
  const hungUp = (): void => detach(128 + constants.signals.SIGHUP);
  const unread = (): void => detach(brokenPipeCode);
  process.on('SIGINT', interrupted).on('SIGTERM', terminated).on('SIGHUP', hungUp);
  process.stdout.on('error', unread);
  return {
    detached: detached.signal,
    code: () => code,
    [Symbol.dispose]() {
      process.off('SIGINT', interrupted).off('SIGTERM', terminated).off('SIGHUP', hungUp);
      process.stdout.off('error', unread);
      detached.abort();
    },
  };
}

type Answer = 'detach' | 'cancel' | 'stay';

/** A second Ctrl-C is an answer as well. */
async function askWhatNow(signal: AbortSignal): Promise<Answer> {
  const answer = await select<Answer>({
    message: 'The job is not done. What now?',
    options: [
      { value: 'detach', label: 'Detach', hint: 'it goes on without you' },
      { value: 'cancel', label: 'Cancel it', hint: 'its agent is ended' },
      { value: 'stay', label: 'Go on watching' },
    ],
    output: process.stderr,
    withGuide: false,
    signal,
  });
  if (isCancel(answer)) return signal.aborted ? 'stay' : 'detach';
  return answer;
}
