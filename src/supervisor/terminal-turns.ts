import type { AgentEvent, TerminalMode } from '../agents/job-mode.ts';
import type { Attempt } from '../core/job/job.ts';
import type { Heard } from '../core/job/outcome.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import { oneLine } from '../core/one-line.ts';
import { minuteMs } from '../core/time.ts';
import type { Processes } from './ports.ts';
import { StillScreen, type StillDeps } from './still-screen.ts';

export type TurnDeps = StillDeps & {
  readonly processes: Pick<Processes, 'end'>;
  readonly apply: (event: JobEvent) => Promise<void>;
  /** How long one that rests may be left to what it has started, before its turn is over where nobody talks with it. */
  readonly restMs?: number;
};

type Watched = Pick<TerminalMode, 'silent' | 'takesText'> & {
  readonly attempt: Attempt;
  readonly interactive: boolean;
  /** The end of a turn is not enough: it goes on until its agent says that it is finished. */
  readonly completion: boolean;
  /** It was begun before this process: what is heard first was told before. */
  readonly isAdopted: boolean;
  readonly heard: () => Omit<Heard, 'stderr'>;
  /** Adds to it. */
  readonly hear: (event: AgentEvent) => Promise<void>;
};

/** As long as Claude Code 2.1.197 without a terminal, before it ends in spite of them. */
const usualRestMs = 10 * minuteMs;
const turnWords: ReadonlySet<AgentEvent['kind']> = new Set(['turn-ended', 'rests', 'asks', 'going']);
const longestQuestion = 1000;
const turnOver = 'Its turn has ended.';

/**
 * Decides what the turns of an agent on a terminal mean for its job, where the process goes on when a turn ends: a job is
 * finished, or waits for its user. What was told before a restart counts by its last word only.
 */
export class TerminalTurns {
  readonly #deps: TurnDeps;
  readonly #watched: Watched;
  #pending: AgentEvent | null = null;
  #isCatchingUp: boolean;
  #hasGoneOn = false;
  readonly #still: StillScreen;
  #rest: NodeJS.Timeout | undefined;

  constructor(deps: TurnDeps, watched: Watched) {
    this.#deps = deps;
    this.#watched = watched;
    this.#still = new StillScreen(deps, watched);
    this.#isCatchingUp = watched.isAdopted;
  }

  /** From here on its screen tells that it waits where it does not say so. */
  begin(ended: Promise<unknown>): void {
    this.#still.begin(({ question, yes }) => this.#ask(question, yes));
    const stop = (): void => this.stop();
    ended.then(stop, stop);
  }

  stop(): void {
    this.#still.stop();
    clearTimeout(this.#rest);
  }

  /** `more`: what was said after it is known as well. */
  async hear(event: AgentEvent, more: boolean): Promise<void> {
    this.#still.hear();
    if (turnWords.has(event.kind)) {
      clearTimeout(this.#rest);
      this.#pending = event;
      this.#hasGoneOn ||= event.kind === 'going' && !this.#isCatchingUp;
    }
    await this.caughtUp(more);
  }

  async caughtUp(more: boolean): Promise<void> {
    const event = this.#pending;
    if (more || event === null) return;
    this.#pending = null;
    const attempt = this.#watched.attempt.id;
    // What it was answered it has taken, though it has come to its next question since.
    if (this.#hasGoneOn && event.kind !== 'going') await this.#deps.apply({ kind: 'going', attempt });
    this.#hasGoneOn = false;
    await this.#meet(event);
    this.#isCatchingUp = false;
  }

  async #meet(event: AgentEvent): Promise<void> {
    if (event.kind === 'turn-ended') await this.#turnEnded();
    else if (event.kind === 'rests') await this.#rests(event.text);
    else if (event.kind === 'asks') await this.#ask(event.question, event.yes);
    else await this.#deps.apply({ kind: 'going', attempt: this.#watched.attempt.id });
  }

  async #turnEnded(): Promise<void> {
    const { apply, processes } = this.#deps;
    const { attempt, interactive, completion, heard } = this.#watched;
    const { result, error, limit } = heard();
    // The account is closed: the next rung goes on with the conversation.
    if (limit !== null && result === null) return apply({ kind: 'switch', attempt: attempt.id, why: limit.detail });
    if (interactive) return this.#ask(error?.detail ?? result ?? turnOver);
    if (error === null && result !== null && !completion)
      return apply({ kind: 'finished', attempt: attempt.id, result, by: 'turn' });
    // What it failed at, or said, is its outcome.
    if (error !== null || result !== null) await processes.end(attempt);
  }

  /** A person may say on; else it has its time to be woken, and its last word counts when nothing did. */
  async #rests(text: string): Promise<void> {
    if (this.#watched.interactive) return this.#ask(text || turnOver);
    const { bug, restMs = usualRestMs } = this.#deps;
    const end = async (): Promise<void> => {
      await this.#watched.hear({ kind: 'result', text });
      await this.#turnEnded();
    };
    this.#rest = setTimeout(() => void end().catch(bug), restMs);
  }

  #ask(question: string, yes?: string): Promise<void> {
    const { attempt } = this.#watched;
    return this.#deps.apply({
      ...{ kind: 'asked', attempt: attempt.id, on: 'terminal' },
      ...(yes === undefined ? {} : { yes }),
      ...(this.#isCatchingUp ? { again: true } : {}),
      question: oneLine(question, longestQuestion),
    });
  }
}
