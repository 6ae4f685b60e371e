import type { AgentEvent, JobMode } from '../agents/job-mode.ts';
import type { Reached } from '../core/job/commit-point.ts';
import type { Attempt, AttemptOutcome, JobSpec, JobState } from '../core/job/job.ts';
import { outcomeOf, signalOf, type Heard } from '../core/job/outcome.ts';
import { terminalOutcomeOf } from '../core/job/terminal-outcome.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import type { Told } from '../core/spend/usage.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import type { AccountPort, Exit, Processes } from './ports.ts';
import { metered, meteredAtEnd, type Metered, type MeterEnd } from './meter.ts';
import { ScreenWatch } from './screen-watch.ts';
import { TerminalTurns } from './terminal-turns.ts';
import type { WatchedWorld } from './watch-ports.ts';

export type FollowDeps = {
  readonly processes: Processes;
  readonly accounts: AccountPort;
  readonly world: Pick<WatchedWorld, 'requests'>;
  readonly clock: () => EpochMs;
  /** Lets something happen to the attempt's job; resolves when it is written, however long that takes. */
  readonly apply: (event: JobEvent) => Promise<void>;
  readonly tell: (event: AgentEvent) => void;
  /** A line came, which was written then. */
  readonly line?: (at: EpochMs) => void;
  /** What the attempt has spent up to now; `isOver` once it has said its last word. */
  readonly spent: (metered: Metered, isOver: boolean) => void;
  /** The job's conversation, and what its agent has told of all of it. */
  readonly conversation: () => { readonly session: string | null; readonly told: Told | null };
  readonly bug: (error: unknown) => void;
  readonly reached?: Reached;
  /** Of the attempt's job. */
  readonly state: () => JobState | undefined;
  /** Another process has begun it. */
  readonly isAdopted?: boolean;
  /** Resolves where the watch has found out that the process is gone. */
  readonly gone?: Promise<Exit>;
  /** Whether its process had ended before anybody supervised it. */
  readonly endedAlone?: () => Promise<boolean>;
  /** Its end is known, and only to be read up and written down. */
  readonly over?: () => void;
  /** How long nothing may follow words that tell of a long wait, before they are believed. */
  readonly silenceMs?: number;
  /** See TurnDeps. */
  readonly dialogMs?: number;
  readonly restMs?: number;
  /** See ScreenDeps. */
  readonly screenMs?: number;
};

const keptStderr = 8192;
const longSilenceMs = 15 * secondMs;
/** Of what an agent said last. */
const longestWords = 4000;

/**
 * Listens to an attempt to its end, from the first line of its output on: after a restart of the daemon what it told
 * before is heard again, and changes nothing a second time. Rejects when `signal` aborts; the process goes on then.
 */
export async function followAttempt(
  deps: FollowDeps,
  { attempt, mode, spec }: { readonly attempt: Attempt; readonly mode: JobMode; readonly spec?: JobSpec },
  signal: AbortSignal,
): Promise<void> {
  const { processes, clock, apply, bug, reached } = deps;
  const terminal = spec === undefined || spec.transport === 'pipe' ? undefined : mode.terminal;
  const ear = new Ear(deps, attempt);
  const interactive = spec?.interactive === true;
  const completion = spec?.stop.completion === true;
  const hear = (event: AgentEvent): Promise<void> => ear.hear(event);
  const { isAdopted = false } = deps;
  const watched = {
    attempt,
    interactive,
    silent: terminal?.silent === true,
    ...(terminal?.takesText === undefined ? {} : { takesText: terminal.takesText }),
    completion,
    isAdopted,
    heard: () => ear.heard,
    hear,
  };
  const turns = terminal === undefined ? null : new TerminalTurns(deps, watched);
  const limits = terminal?.limits ?? [];
  const session = (): string | null => ear.session;
  const screen = terminal === undefined ? null : new ScreenWatch(deps, { attempt, limits, session });
  // "In three hours" counts from when it was said, which may be long before a restart.
  let by = Number.MAX_SAFE_INTEGER;
  const saidAt = (): EpochMs => Math.min(clock(), by);
  const listen = (terminal ?? mode).listen(saidAt);
  let stderr = '';
  const ended = Promise.race([processes.ended(attempt, signal), ...(deps.gone === undefined ? [] : [deps.gone])]);
  void ended.then(deps.over, () => undefined);
  turns?.begin(ended);
  screen?.begin();
  let silence: NodeJS.Timeout | undefined;
  // What a tool had printed there is followed by more.
  const believeLater = (event: AgentEvent): void => {
    silence = setTimeout(() => void ear.hear(event).catch(bug), deps.silenceMs ?? longSilenceMs);
  };
  try {
    for await (const { channel, line, ...more } of processes.lines(attempt.id, ended, signal)) {
      by = more.by;
      deps.line?.(saidAt());
      clearTimeout(silence);
      if (channel === 'stderr') stderr = `${stderr}${line}\n`.slice(-keptStderr);
      for (const event of understood(() => listen(channel, line), bug)) {
        await (event.kind === 'limited' && event.waits ? believeLater(event) : ear.hear(event));
        screen?.hear(event);
        await turns?.hear(event, more.more === true);
        reached?.('follow.heard');
      }
      await turns?.caughtUp(more.more === true);
    }
  } finally {
    clearTimeout(silence);
    turns?.stop();
    screen?.stop();
  }
  const { code, at, lost = false } = await ended;
  // What it has left behind would go on beside the next attempt.
  await processes.end(attempt);
  reached?.('follow.ended');
  // On a terminal it says there alone that the conversation is not to be found, such as one that it had not written yet.
  const isMissing =
    terminal !== undefined && !ear.hasHeard && (code ?? 0) !== 0 && deps.conversation().session !== null;
  if (isMissing) await apply({ kind: 'conversation', conversation: null });
  const told = { ...ear.heard, stderr: mode.readStderr(stderr, code, saidAt()) };
  const outcome =
    terminal === undefined
      ? outcomeOf(told, code)
      : terminalOutcomeOf(told, { exitCode: code, lost, interactive, silent: terminal.silent });
  await ear.conclude(outcome);
  const isMute = mode.abilities.spending === 'never' || terminal?.silent === true;
  await apply({
    kind: 'ended',
    attempt: attempt.id,
    exitCode: code,
    outcome,
    // It gave its last sign then: the time since is none of its.
    at: at ?? ((await deps.endedAlone?.()) === true ? saidAt() : null),
    ...ear.told({ outcome, isMute }),
  });
}

/** A line that an adapter stumbles over is none. */
function understood(listen: () => readonly AgentEvent[], bug: (error: unknown) => void): readonly AgentEvent[] {
  try {
    return listen();
  } catch (error) {
    bug(error);
    return [];
  }
}

class Ear {
  readonly #deps: FollowDeps;
  readonly #attempt: Attempt;
  session: string | null = null;
  hasHeard = false;
  heard: Omit<Heard, 'stderr'> = { result: null, error: null, limit: null };
  #metered: Metered | null = null;
  #words: string | null = null;

  constructor(deps: FollowDeps, attempt: Attempt) {
    this.#deps = deps;
    this.#attempt = attempt;
  }

  async hear(event: AgentEvent): Promise<void> {
    this.hasHeard = true;
    const { apply, tell } = this.#deps;
    const { id, agent, account } = this.#attempt;
    tell(event);
    switch (event.kind) {
      case 'session':
        this.session = event.id;
        return apply({ kind: 'conversation', conversation: { agent, session: event.id, account } });
      case 'model':
        return this.#attempt.model === null ? apply({ kind: 'model', attempt: id, model: event.model }) : undefined;
      case 'session-missing':
        return apply({ kind: 'conversation', conversation: null });
      case 'signal':
        return this.#observe(event, false);
      case 'limited': {
        const { signal } = event;
        const detail = 'evidence' in signal ? signal.evidence : signal.window;
        this.heard = { ...this.heard, limit: { detail, until: signal.kind === 'closed' ? signal.until : null } };
        await this.#observe(event, false);
        // One that ends by itself is waited for: it may have something left to write.
        return event.waits ? apply({ kind: 'switch', attempt: id, why: detail }) : undefined;
      }
      case 'turn-completed':
        // Whatever was in its way until then was not.
        this.heard = { ...this.heard, limit: null, error: null };
        await this.#observe(event, true);
        return apply({ kind: 'turn-completed', attempt: id });
      case 'text':
        this.#words = event.text.slice(0, longestWords);
        return undefined;
      case 'usage': {
        const start = { model: this.#attempt.model, ...this.#deps.conversation() };
        this.#metered = metered(event.usage, start);
        return this.#deps.spent(this.#metered, this.heard.result !== null);
      }
      // What went wrong in the turn before was said to somebody who has answered.
      case 'going':
        this.heard = { result: null, error: null, limit: null };
        return undefined;
      case 'result':
        this.heard = { ...this.heard, result: event.text };
        return undefined;
      case 'error': {
        const { kind: _, ...error } = event;
        // An end that has no words of its own says less than the error before it.
        if (error.failure !== 'unknown' || this.heard.error === null) this.heard = { ...this.heard, error };
        return undefined;
      }
      default:
        return undefined;
    }
  }

  /** For the end of the attempt. */
  told(end: Omit<MeterEnd, 'hasHeard'>): { readonly words: string | null } & ReturnType<typeof meteredAtEnd> {
    return { words: this.#words, ...meteredAtEnd(this.#metered, { ...end, hasHeard: this.hasHeard }) };
  }

  /** An end that tells of a limit which no event told closes the account as well: else it would be tried at once again. */
  async conclude(outcome: AttemptOutcome): Promise<void> {
    const signal = this.heard.limit === null ? signalOf(outcome, this.#attempt.model) : null;
    const { account, agent, model } = this.#attempt;
    if (account === null) concluded(this.#deps.accounts, { agent, model, at: this.#deps.clock(), outcome });
    else if (signal !== null) await this.#observe({ kind: 'signal', signal }, false);
  }

  /** Of an account that the gateway does not see. */
  async #observe(event: AgentEvent, served: boolean): Promise<void> {
    const { account, model, startedAt } = this.#attempt;
    if (account === null) return;
    const signals = 'signal' in event ? [event.signal] : [];
    await this.#deps.accounts.observe({ account, model, sentAt: startedAt, signals, served });
  }
}

/** Of an agent with a login of its own: a limit closes it, and work that was done opens it. */
export function concluded(
  accounts: Pick<AccountPort, 'concluded'>,
  { outcome, ...attempt }: Parameters<AccountPort['concluded']>[0] & { readonly outcome: AttemptOutcome },
): void {
  const signal = signalOf(outcome, attempt.model);
  if (signal !== null || outcome.kind === 'done') accounts.concluded(attempt, signal);
}
