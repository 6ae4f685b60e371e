import type { TerminalMode } from '../agents/job-mode.ts';
import type { Attempt, JobState } from '../core/job/job.ts';
import { secondMs } from '../core/time.ts';
import { pause } from '../lib/pause.ts';
import type { Processes } from './ports.ts';

export type StillDeps = {
  readonly processes: Pick<Processes, 'terminal'>;
  /** Of its job. */
  readonly state: () => JobState | undefined;
  readonly bug: (error: unknown) => void;
  /** How long an agent may say nothing and show the same, before a person is what it waits for. */
  readonly dialogMs?: number;
};

const usualDialogMs = 30 * secondMs;
const linesOfScreen = 15;
const enterKey = '\r';

/** What somebody is asked by a screen: a dialog, in which a key is yes, or what to say next. */
export type Shown = { readonly question: string; readonly yes?: string };

type Watched = Pick<TerminalMode, 'silent' | 'takesText'> & { readonly attempt: Attempt };

/**
 * Finds out that an agent waits for somebody and does not say so: it has not said its first word, has not gone on with what
 * it was answered, or is one that never says. What such a one works at moves on its screen.
 */
export class StillScreen {
  readonly #deps: StillDeps;
  readonly #attempt: Attempt;
  readonly #silent: boolean;
  readonly #takesText: RegExp | undefined;
  readonly #stopped = new AbortController();
  #hasHeard = false;
  #hasLooked = false;
  #shown: string | null = null;

  constructor(deps: StillDeps, { attempt, silent, takesText }: Watched) {
    this.#deps = deps;
    this.#attempt = attempt;
    this.#silent = silent;
    this.#takesText = takesText;
  }

  /** `ask` is called with what it shows. */
  begin(ask: (shown: Shown) => Promise<void>): void {
    void this.#watch(ask).catch(this.#deps.bug);
  }

  stop(): void {
    this.#stopped.abort();
  }

  hear(): void {
    this.#hasHeard = true;
  }

  async #watch(ask: (shown: Shown) => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      await pause(this.#deps.dialogMs ?? usualDialogMs, signal);
      if (signal.aborted) return;
      const shown = await this.look();
      if (shown !== null) await ask(shown);
    }
  }

  /** One look; null where it does not show that somebody is waited for. */
  async look(): Promise<Shown | null> {
    const isFirst = !this.#hasLooked && !this.#hasHeard;
    this.#hasLooked = true;
    const before = this.#shown;
    this.#shown = null;
    if (!this.#mayWait()) return null;
    const terminal = await this.#deps.processes.terminal(this.#attempt.id);
    const shown = (await terminal?.text()) ?? '';
    this.#shown = shown;
    // It may have said so itself since.
    return (isFirst || shown === before) && this.#mayWait() ? this.#question(shown) : null;
  }

  #mayWait(): boolean {
    const state = this.#deps.state();
    if (state?.kind !== 'running') return false;
    return this.#silent || !this.#hasHeard || state.answering !== undefined;
  }

  #question(text: string): Shown {
    const lines = text.split('\n').map((line) => line.trim());
    const shown = lines.filter((line) => /[\p{L}\p{N}]/u.test(line)).slice(-linesOfScreen);
    const question = shown.length === 0 ? 'It shows nothing yet.' : `It shows: ${shown.join(' / ')}`;
    const takesText = shown.some((line) => this.#takesText?.test(line));
    return {
      question: `${question} Look at it with: stint job attach ${this.#attempt.job}`,
      ...(takesText ? {} : { yes: enterKey }),
    };
  }
}
