import type { AgentEvent, TerminalMode } from '../agents/job-mode.ts';
import type { Attempt, JobState } from '../core/job/job.ts';
import { screenLimit } from '../core/job/screen-limit.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import { parseResetPhrase } from '../core/limit/reset-phrase.ts';
import type { Signal } from '../core/limit/signal.ts';
import { oneLine } from '../core/one-line.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import type { Action } from '../core/watch/action.ts';
import { localTimeZone } from '../lib/local-time-zone.ts';
import { pause } from '../lib/pause.ts';
import { isClosedFor } from './closed-for.ts';
import { callsAfter, noCalls } from './open-calls.ts';
import type { AccountPort, Processes } from './ports.ts';
import type { WatchedWorld } from './watch-ports.ts';

export type ScreenDeps = {
  readonly processes: Pick<Processes, 'terminal'>;
  readonly accounts: Pick<AccountPort, 'select' | 'observe'>;
  readonly world: Pick<WatchedWorld, 'requests'>;
  readonly clock: () => EpochMs;
  /** Of its job. */
  readonly state: () => JobState | undefined;
  readonly apply: (event: JobEvent) => Promise<void>;
  readonly bug: (error: unknown) => void;
  /** How often a screen is looked at. */
  readonly screenMs?: number;
};

type Watched = {
  readonly attempt: Attempt;
  readonly limits: TerminalMode['limits'];
  readonly session: () => string | null;
};

const usualScreenMs = 30 * secondMs;
const linesOfScreen = 30;

/** Looks at the screen of an agent that is in a turn, for a limit that none of its events tells. */
export class ScreenWatch {
  readonly #deps: ScreenDeps;
  readonly #watched: Watched;
  readonly #stopped = new AbortController();
  #lastWordAt: EpochMs;
  #isAtRest = false;
  #open = noCalls;

  constructor(deps: ScreenDeps, watched: Watched) {
    this.#deps = deps;
    this.#watched = watched;
    this.#lastWordAt = deps.clock();
  }

  begin(): void {
    if (this.#watched.limits.length > 0) void this.#watch().catch(this.#deps.bug);
  }

  stop(): void {
    this.#stopped.abort();
  }

  hear(event: AgentEvent): void {
    this.#lastWordAt = this.#deps.clock();
    this.#open = callsAfter(this.#open, event, this.#lastWordAt);
    this.#isAtRest = event.kind === 'rests' || (this.#isAtRest && event.kind !== 'going');
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      await pause(this.#deps.screenMs ?? usualScreenMs, signal);
      if (signal.aborted) return;
      const action = this.#isBusy() ? await this.#look() : null;
      if (action !== null && this.#isBusy()) return this.#limited(action);
    }
  }

  /** One that waits for its user, or has not gone on yet, may show a limit of before. */
  #isBusy(): boolean {
    const state = this.#deps.state();
    return state?.kind === 'running' && state.answering === undefined && !this.#isAtRest;
  }

  async #look(): Promise<Action | null> {
    const line = await this.#limitShown();
    if (line === null) return null;
    const requests = await this.#deps.world.requests(this.#watched.attempt.id).catch(() => null);
    return screenLimit(
      {
        ...{ line: oneLine(line), lastWordAt: this.#lastWordAt, requestAt: requests?.lastAt ?? null },
        isAnswered: requests === null || requests.open > 0,
        ...{ hasTool: this.#open.size > 0, isClosed: this.#isClosed() },
      },
      this.#deps.clock(),
    );
  }

  async #limitShown(): Promise<string | null> {
    const { attempt, limits } = this.#watched;
    const terminal = await this.#deps.processes.terminal(attempt.id);
    const lines = ((await terminal?.text()) ?? '').trimEnd().split('\n').slice(-linesOfScreen);
    return lines.findLast((line) => limits.some((each) => each.test(line))) ?? null;
  }

  #isClosed(): boolean {
    const { attempt, session } = this.#watched;
    return isClosedFor(this.#deps.accounts, attempt, session());
  }

  async #limited(action: Action): Promise<void> {
    const { accounts, apply, clock } = this.#deps;
    const { id, account, model, startedAt } = this.#watched.attempt;
    const evidence = String(action.facts['line']);
    const until = parseResetPhrase(evidence, clock(), localTimeZone());
    const signal: Signal = { kind: 'closed', window: 'usage', family: null, overage: false, until, evidence };
    // What the gateway serves it knows itself.
    if (account !== null)
      await accounts.observe({ account, model, sentAt: startedAt, signals: [signal], served: false });
    await apply({ kind: 'watched', attempt: id, action });
  }
}
