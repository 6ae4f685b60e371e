import { jobOf, type AttemptId, type JobId, type Label } from '../core/ids.ts';
import type { Attempt, Job, JobSpec, Park } from '../core/job/job.ts';
import type { Resolved, Rung } from '../core/job/ladder.ts';
import { nextStepOf } from '../core/job/next-step.ts';
import { isCounted, type Spent } from '../core/job/stop.ts';
import { attemptOf, hasEnded } from '../core/job/state.ts';
import type { Transition } from '../core/job/transition.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import { whyNotRunning } from '../core/job/why.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import { Awaiting } from './awaiting.ts';
import { dispatch, type Dispatch } from './dispatch.ts';
import { acceptedJob, Effects, writeAgainMs, type EffectDeps } from './effects.ts';
import { concluded } from './follow.ts';
import { forgetFiles, forgettable } from './forget.ts';
import { findGone } from './gone.ts';
import { JobBook } from './job-book.ts';
import { resolveFor, rungsFor, type LadderDeps, type Sought } from './ladder.ts';
import type { Metered } from './meter.ts';
import type { Known, OpenEffect } from './ports.ts';
import { Ramp } from './ramp.ts';
import { Spending } from './spending.ts';
import { checkStops } from './stop-checks.ts';
import { unpark, wishOf } from './unpark.ts';
import { WakeUp } from './wake.ts';
import { Watch } from './watch.ts';
import type { WatchedWorld } from './watch-ports.ts';

const movesAtOnce = 16;
/** So long is waited for a process that is being started. */
const longestStartMs = 10_000;

export type SupervisorDeps = Pick<LadderDeps, 'chainOf'> &
  Omit<EffectDeps, 'book' | 'stopping' | 'verified' | 'line' | 'spent' | 'gone'> & {
    /** In [0, 1). */
    readonly random: () => number;
    /** Jobs that may have a process at once. */
    readonly places: () => number;
    /** IANA name of the zone in which sentences tell the time. */
    readonly timeZone: string;
    /** Why nothing may be started, such as a full disk; null when all is well. */
    readonly paused: () => string | null;
    readonly changed: (before: Job | null, after: Job) => void;
    /** What the watch looks at. */
    readonly world: WatchedWorld;
  };

/**
 * Runs jobs: dispatches them, moves them along their ladder, parks and resumes them, and survives its own end. Every
 * decision is on the disk before it acts; what it entails is done from there, and can be done again.
 */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #ramp: Ramp;
  readonly #wake: WakeUp;
  readonly #stopping = new AbortController();
  readonly #watchers = new Set<() => void>();
  readonly #awaiting = new Awaiting(() => {
    this.#running = undefined;
    this.look();
  });
  #book!: JobBook;
  #effects!: Effects;
  #watch!: Watch;
  #lookedAt = 0;
  #open: readonly OpenEffect[] = [];
  #started = false;
  #gone: Promise<ReadonlySet<AttemptId>> = Promise.resolve(new Set<AttemptId>());
  #stopListening: () => void = () => undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  /** How many have a process; undefined when it has to be counted again. */
  #running: number | undefined;
  /** What opened while nobody looked is not told again. */
  #mayBeFreed = true;
  readonly #spending: Spending;
  readonly #ladders: LadderDeps;

  private constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#ramp = new Ramp(deps.clock);
    this.#spending = new Spending(deps.clock);
    this.#ladders = { ...deps, attempt: (id) => this.#book.attempt(id) };
    this.#wake = new WakeUp(deps.clock, () => this.look());
  }

  /** Loads the jobs; nothing moves before `start`. */
  static async open(deps: SupervisorDeps): Promise<Supervisor> {
    const supervisor = new Supervisor(deps);
    const { signal } = supervisor.#stopping;
    // One that cannot be ended holds up nobody who stops; the next to start goes on with it.
    const processes = { ...deps.processes, end: (each: Known) => deps.processes.end(each, signal) };
    const { book, effects } = await JobBook.open({
      ...deps,
      changed: (before, after) => supervisor.#changed(before, after),
      entail: (open) => supervisor.#effects.entail(open),
    });
    supervisor.#book = book;
    const verified: EffectDeps['verified'] = (of) => supervisor.#ramp.verified(of);
    const spent = (attempt: AttemptId, amount: Metered, isOver: boolean): void => {
      supervisor.#spending.tell(attempt, amount, isOver);
      const stop = book.find(jobOf(attempt))?.spec.stop;
      if (stop !== undefined && isCounted(stop)) supervisor.look();
    };
    supervisor.#effects = new Effects({
      ...{ ...deps, processes, book, stopping: signal, verified, spent },
      heard: (attempt, event) => {
        supervisor.#watch.heard(attempt, event);
        deps.heard(attempt, event);
      },
      line: (attempt, at) => supervisor.#watch.line(attempt, at),
      gone: () => supervisor.#gone,
    });
    supervisor.#watch = new Watch({
      ...{ ...deps, processes, book, effects: supervisor.#effects },
      look: () => supervisor.look(),
      lookedAt: () => supervisor.#lookedAt,
    });
    supervisor.#open = effects;
    return supervisor;
  }

  /** Adopts the processes that live, does what was left half done, and dispatches from then on. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#gone = findGone(this.#book, this.#deps.processes);
    this.#remember();
    this.#effects.entail(this.#open);
    const begun = new Set(this.#open.flatMap(({ effect }) => ('attempt' in effect ? [effect.attempt] : [])));
    for (const { attempt } of this.#book.present()) if (!begun.has(attempt.id)) this.#effects.follow(attempt);
    this.#stopListening = this.#deps.accounts.onOpened(() => this.lookAnew());
    this.look();
    this.#watch.start();
  }

  /** What agents with logins of their own told is nowhere but in the ends of their attempts. */
  #remember(): void {
    const attempts = [...this.#book.all()].flatMap(({ id }) => this.#book.attempt(id) ?? []);
    for (const { account, agent, model, endedAt, outcome } of attempts.toSorted(byEnd)) {
      if (account !== null || endedAt === null || outcome === null) continue;
      concluded(this.#deps.accounts, { agent, model, at: endedAt, outcome });
    }
  }

  /** Lets go of processes, which go on; the next `start` finds them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopListening();
    this.#wake.stop();
    await this.#watch.stop();
    await this.#looking;
    await this.#effects.settled();
  }

  /** What looks after the jobs, and is told of what their agents do with Stint's own tools. */
  get watch(): Watch {
    return this.#watch;
  }

  all(): readonly Job[] {
    return [...this.#book.all()];
  }

  find(id: JobId): Job | undefined {
    return this.#book.find(id);
  }

  attempt(id: JobId): Attempt | undefined {
    return this.#book.attempt(id);
  }

  /** Accepts a job. Once the promise resolves it is never lost. */
  async add(spec: JobSpec): Promise<Job> {
    const job = acceptedJob(spec, this.#deps.newId(), this.#deps.clock());
    await this.#book.add([job]);
    this.#deps.reached?.('accepted');
    this.look();
    return job;
  }

  /** Resolves when its processes are gone. */
  async cancel(id: JobId): Promise<Job> {
    await this.#ask(id, { kind: 'cancel' });
    return this.until(id, hasEnded);
  }

  async park(id: JobId, detail: string): Promise<Job> {
    const park: Park = { reason: 'user', dueAt: null, estimated: false, detail };
    await this.#ask(id, { kind: 'park', park });
    return this.until(id, ({ state }) => state.kind !== 'stopping');
  }

  resume(id: JobId): Promise<Job> {
    return this.#ask(id, { kind: 'unpark', because: 'asked', says: 'You were paused, and are asked to go on.' });
  }

  retry(id: JobId, anew: boolean): Promise<Job> {
    return this.#ask(id, { kind: 'retry', anew });
  }

  async answer(id: JobId, answer: string): Promise<Job> {
    const isStarted = ({ state }: Job): boolean => state.kind !== 'starting';
    await this.until(id, isStarted, AbortSignal.timeout(longestStartMs)).catch(() => undefined);
    return this.#ask(id, { kind: 'answered', answer });
  }

  /** What the agent of a job says of it. A Problem `conflict`, and nothing is changed, where it does not fit. */
  async tell(id: JobId, word: JobEvent): Promise<Job | Problem> {
    const next = await this.#book.apply(id, word);
    return next instanceof Problem ? next : next.job;
  }

  /** Until that is disposed of, a job waits for others, and takes no place. */
  awaits(id: JobId, others: readonly JobId[]): Disposable {
    const awaiting = this.#awaiting.begin(id, others);
    const attempt = this.#book.attempt(id);
    const waited = attempt === undefined ? undefined : this.#watch.waits(attempt.id);
    return {
      [Symbol.dispose]: () => {
        awaiting[Symbol.dispose]();
        waited?.();
      },
    };
  }

  /** The jobs that a job waits for: its agent with a tool, or before it starts. */
  awaited(id: JobId): readonly JobId[] {
    const job = this.#book.find(id);
    const before = job?.state.kind === 'queued' ? this.#undone(job) : [];
    return [...this.#awaiting.of(id), ...before.map((each) => each.id)];
  }

  /** Whether this attempt is the one whose process its job has. */
  isPresent(attempt: AttemptId): boolean {
    return this.#book.isPresent(attempt);
  }

  /** Removes jobs that ended before a time, with the files of their attempts. */
  async forget(before: EpochMs): Promise<void> {
    const old = forgettable(this.all(), before);
    // The files first: those of a job that nobody knows any more would stay for ever.
    for (const job of old) await forgetFiles(this.#deps.processes, job);
    await this.#book.forget(
      old.map(({ id }) => id),
      before,
    );
  }

  /** One sentence for a job that is not running; null for one that is. */
  why(job: Job): string | null {
    const { clock, timeZone, places } = this.#deps;
    const waitsFor = this.#undone(job);
    const running = (this.#running ??= this.all().filter((each) => this.#takesPlace(each)).length);
    const room = running >= places() ? { running, places: places() } : null;
    const restsUntil = this.#restsUntil(job);
    return whyNotRunning(job, { now: clock(), timeZone, waitsFor, room, restsUntil, paused: this.#paused() });
  }

  #restsUntil(job: Job): EpochMs | null {
    const now = this.#deps.clock();
    // Most have nothing to rest from, and need no look at accounts.
    if (job.state.kind !== 'queued' || (job.restarts.againAt ?? 0) <= now) return null;
    const step = nextStepOf(job, this.resolve(job), now);
    return step.kind === 'rests' ? step.until : null;
  }

  /** Of those that a job depends on. */
  #undone({ spec }: Job): { readonly id: JobId; readonly state: Job['state']['kind'] }[] {
    return spec.dependsOn.flatMap((id) => {
      const state = this.#book.find(id)?.state.kind ?? 'cancelled';
      return state === 'done' ? [] : [{ id, state }];
    });
  }

  /** What a job has spent up to now over all its attempts, in the latest, and of that what counts for its conditions. */
  spent(job: Job): { readonly job: Spent; readonly attempt: Spent; readonly counted: Spent } {
    return this.#spending.of(job, this.#book.attempt(job.id));
  }

  /** What a job would run on now. */
  resolve(job: Sought): Resolved {
    return resolveFor(this.#ladders, job);
  }

  /** All that it might ever run on, best first. */
  rungs(job: Sought): readonly Omit<Rung, 'account'>[] {
    return rungsFor(this.#ladders, job);
  }

  /** Resolves with the job once it is as wanted; rejects with the signal's reason, or when the supervisor stops. */
  until(id: JobId, isWanted: (job: Job) => boolean, signal?: AbortSignal): Promise<Job> {
    return new Promise((resolve, reject) => {
      const signals = [this.#stopping.signal, ...(signal === undefined ? [] : [signal])];
      const end = (): void => {
        this.#watchers.delete(look);
        for (const each of signals) each.removeEventListener('abort', look);
      };
      const look = (): void => {
        const job = this.#book.find(id);
        const aborted = signals.find((each) => each.aborted);
        if (job === undefined || aborted !== undefined) {
          end();
          reject((aborted?.reason as Error | undefined) ?? new Error(`job ${id} is gone`));
        } else if (isWanted(job)) {
          end();
          resolve(job);
        }
      };
      this.#watchers.add(look);
      for (const each of signals) each.addEventListener('abort', look);
      look();
    });
  }

  /** Looks as if something had opened: what jobs may run on is another. */
  lookAnew(): void {
    this.#mayBeFreed = true;
    this.look();
  }

  /** Looks at all jobs that wait, now or as soon as the last look is over. */
  look(): void {
    if (!this.#started || this.#stopping.signal.aborted) return;
    this.#lookAgain = true;
    this.#looking ??= this.#lookAround()
      .catch((error: unknown) => this.#writeLater(error))
      .finally(() => {
        this.#looking = undefined;
        if (this.#lookAgain) this.look();
      });
  }

  async #lookAround(): Promise<void> {
    this.#lookAgain = false;
    const { clock, places, random, accounts } = this.#deps;
    const resolve = this.#resolver();
    const now = clock();
    const mayBeFreed = this.#mayBeFreed;
    this.#mayBeFreed = false;
    const poolOf = ({ spec }: Job): Label => spec.pool ?? accounts.defaultPool(spec.agent);
    const freed = unpark({ jobs: this.#book.all(), now, mayBeFreed, resolve, poolOf, ramp: this.#ramp, random });
    this.#mayBeFreed ||= mayBeFreed && freed.isRefused;
    await this.#moveAll(freed.events);
    const gone = await this.#gone;
    const isGone = (attempt: AttemptId | null): boolean => attempt !== null && gone.has(attempt);
    const stops = checkStops({
      ...{
        jobs: [...this.#book.all()].filter((job) => !isGone(attemptOf(job))),
        attempt: (job: Job) => this.#book.attempt(job.id),
        now,
      },
      spent: (job: Job) => this.#spending.told(job, this.#book.attempt(job.id)),
      hasFinished: (attempt: AttemptId) => this.#spending.hasFinished(attempt),
    });
    await this.#moveAll(stops.events);
    const { events, nextAt } = dispatch({
      ...{ jobs: this.#book.all(), find: (id: JobId) => this.#book.find(id), resolve, random },
      ...{ now: clock(), places: places(), paused: this.#paused() },
      takesPlace: (job) => this.#takesPlace(job),
    });
    await this.#moveAll(events);
    const times = [freed.nextAt, stops.nextAt, nextAt].filter((at) => at !== null);
    this.#wake.set(times.length === 0 ? null : Math.min(...times));
    this.#lookedAt = now;
  }

  #paused(): string | null {
    return this.#deps.paused() ?? this.#watch.paused;
  }

  /** As `resolve`, for one look: jobs that ask for the same find the same closed. */
  #resolver(): (job: Job) => Resolved {
    const closed = new Map<string, Resolved>();
    return (job) => {
      const wish = wishOf(job);
      const known = closed.get(wish);
      if (known !== undefined) return known;
      const resolved = this.resolve(job);
      if (resolved.kind === 'closed') closed.set(wish, resolved);
      return resolved;
    };
  }

  #takesPlace(job: Job): boolean {
    return attemptOf(job) !== null && job.state.kind !== 'waiting' && !this.#awaiting.has(job.id);
  }

  /** A full disk is no reason to give up. */
  #writeLater(error: unknown): void {
    this.#deps.bug(error);
    // Those who were to go on have not.
    this.#mayBeFreed = true;
    this.#ramp.clear();
    this.#wake.set(this.#deps.clock() + writeAgainMs);
  }

  /** Some at a time, which are written as one: a thousand would hold up everything else. */
  async #moveAll(events: Dispatch['events']): Promise<void> {
    for (let from = 0; from < events.length; from += movesAtOnce) {
      const some = events.slice(from, from + movesAtOnce);
      await Promise.all(some.map(({ job, event }) => this.#move(job, event)));
    }
  }

  /** What the supervisor decided by itself; an event that does not fit any more is nobody's fault. */
  async #move(id: JobId, event: JobEvent): Promise<Transition | null> {
    if (event.kind === 'dispatched') {
      const job = this.#book.find(id);
      const why = job === undefined ? null : await this.#unwanted(job);
      if (why !== null)
        return this.#move(id, job?.stopped ? { kind: 'wrap-up-skipped' } : { kind: 'block', detail: why });
    }
    const next = await this.#book.apply(id, event);
    return next instanceof Problem ? null : next;
  }

  /** Nobody can tell is no reason not to do the work. */
  #unwanted({ spec, restarts, addedAt }: Job): Promise<string | null> {
    return this.#deps.workspace
      .unwanted(spec.directory, restarts.resumes + restarts.crashes > 0 ? addedAt : null)
      .catch((error: unknown) => {
        this.#deps.bug(error);
        return null;
      });
  }

  /** What a person asked for. */
  async #ask(id: JobId, event: JobEvent): Promise<Job> {
    const next = await this.#book.apply(id, event);
    if (next instanceof Problem) throw next;
    return next.job;
  }

  #changed(before: Job | null, after: Job): void {
    this.#deps.reached?.(`seen.${before === null ? 'added' : after.state.kind}`);
    this.#running = undefined;
    const past = before === null ? null : attemptOf(before);
    if (past !== null && attemptOf(after) !== past) this.#spending.forget(past);
    if (past !== null && before?.state.kind === 'waiting' && after.state.kind === 'running') this.#watch.answered(past);
    this.#deps.changed(before, after);
    for (const watcher of [...this.#watchers]) watcher();
    this.look();
  }
}

function byEnd(a: Attempt, b: Attempt): number {
  return (a.endedAt ?? 0) - (b.endedAt ?? 0);
}
