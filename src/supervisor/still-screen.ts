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

/**
 * Finds out that an agent waits for somebody and does not say so: it has not said its first word, has not gone on with what
 * it was answered, or is one that never says. What such a one works at moves on its screen.
 */
export class StillScreen {
  readonly #deps: StillDeps;
  readonly #attempt: Attempt;
  readonly #silent: boolean;
  readonly #stopped = new AbortController();
  #hasHeard = false;
  #hasLooked = false;
  #shown: string | null = null;

  constructor(deps: StillDeps, { attempt, silent }: { readonly attempt: Attempt; readonly silent: boolean }) {
    this.#deps = deps;
    this.#attempt = attempt;
    this.#silent = silent;
  }

  /** `ask` is called with what it shows. */
  begin(ask: (question: string) => Promise<void>): void {
    void this.#watch(ask).catch(this.#deps.bug);
  }

  stop(): void {
    this.#stopped.abort();
  }

  hear(): void {
    this.#hasHeard = true;
  }

  async #watch(ask: (question: string) => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      await pause(this.#deps.dialogMs ?? usualDialogMs, signal);
      if (signal.aborted) return;
      const question = await this.look();
      if (question !== null) await ask(question);
    }
  }

  /** One look; null where it does not show that somebody is waited for. */
  async look(): Promise<string | null> {
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

  #question(text: string): string {
    const lines = text.split('\n').map((line) => line.trim());
    const shown = lines.filter((line) => /[\p{L}\p{N}]/u.test(line)).slice(-linesOfScreen);
    const question = shown.length === 0 ? 'It shows nothing yet.' : `It shows: ${shown.join(' / ')}`;
    return `${question} Look at it with: stint job attach ${this.#attempt.job}`;
  }
}
