import type { Episode, EpisodeReset } from '../book/ports.ts';
import type { Label } from '../core/ids.ts';
import type { Notice } from '../core/notice.ts';
import { Problem } from '../core/problem.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import { failed, interrupted, judge, rebased } from './judge.ts';
import type { AuthResetDeps } from './ports.ts';
import { printable } from './printable.ts';
import { placeKey, planReset } from './reset-command.ts';

const lookEveryMs = 5 * secondMs;

/**
 * Runs the reset command of the agent that uses a pool, once for each of its recoveries, and then watches whether the
 * agent asks again. What it intends is durable before it acts: `due` is run, `running` never again.
 */
export class AuthResets {
  readonly #deps: AuthResetDeps;
  readonly #stop = new AbortController();
  readonly #underWay = new Map<string, Promise<void>>();
  /** The last command of each place where an agent lives: two at once would write its file at once. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #startedAt: EpochMs;
  #unwatch: (() => void) | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(deps: AuthResetDeps) {
    this.#deps = deps;
    this.#startedAt = deps.book.clock();
  }

  start(): void {
    if (this.#stop.signal.aborted) return;
    this.#timer ??= setInterval(this.#lookNow, lookEveryMs);
    this.#unwatch ??= this.#deps.book.watch(this.#lookNow);
    this.#lookNow();
  }

  /** Ends the command that runs. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#unwatch?.();
    this.#stop.abort();
    await Promise.allSettled([...this.#underWay.values(), ...this.#turns.values()]);
  }

  /** Goes on with every reset that has not ended; resolves when all have come as far as they can now. */
  async look(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    await Promise.all(this.#deps.book.resets().map((episode) => this.#goOn(episode)));
  }

  /** Runs the command of a pool now, because somebody asked for it; throws a Problem unless it ended with 0. */
  async run(name: Label): Promise<{ readonly detail: string }> {
    const pool = this.#deps.book.pool(name)?.pool;
    if (pool === undefined)
      throw new Problem('not_found', `There is no pool ${name}.`, { hint: 'List them with: stint pool list' });
    if (pool.authResetTarget === '')
      throw new Problem('conflict', `Pool ${name} has no auth-reset target: nothing is run for it.`, {
        hint: `Set one with: stint pool set-auth-reset ${name} <target>`,
      });
    const detail = await this.#inTurn(name, () => this.#execute(name, pool.authResetTarget));
    return { detail: `${detail} Whether the agent goes on shows when it asks again.` };
  }

  /** Whether anything can tell that a pool has recovered while its agent does not ask, or could if it were probed. */
  canVerify(name: Label, ifProbed = false): boolean {
    const state = this.#deps.book.pool(name);
    if (state === undefined) return false;
    const enabled = state.candidates.filter(({ account }) => account.standing === 'enabled');
    const { hasUsage, mayProbe } = this.#deps;
    return enabled.some(({ account }) => hasUsage(account) || ((ifProbed || state.pool.probe) && mayProbe(account)));
  }

  readonly #lookNow = (): void => {
    void this.look().catch(this.#deps.bug);
  };

  #goOn(episode: Episode): Promise<void> {
    const underWay = this.#underWay.get(episode.id);
    if (underWay !== undefined || episode.reset === null) return underWay ?? Promise.resolve();
    const step = this.#step(episode, episode.reset).finally(() => this.#underWay.delete(episode.id));
    this.#underWay.set(episode.id, step);
    return step;
  }

  async #inTurn<Value>(pool: Label, run: () => Promise<Value>): Promise<Value> {
    const place = placeKey(this.#deps.settings(), pool);
    const turn = (this.#turns.get(place) ?? Promise.resolve()).then(run, run);
    this.#turns.set(place, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(place) === turn) this.#turns.delete(place);
    }
  }

  async #step(episode: Episode, reset: EpisodeReset): Promise<void> {
    const { book } = this.#deps;
    if (reset.state === 'due') return this.#inTurn(episode.pool, () => this.#runDue(episode, reset));
    const now = book.clock();
    const verdict = judge(episode, reset, {
      now,
      askedAt: book.lastAskedAt(episode.pool),
      watchedSince: this.#startedAt,
    });
    if (verdict !== null) return this.#save(episode, verdict.reset, [verdict.notice]);
    const anew = rebased(reset, now) ?? interrupted(reset);
    if (anew !== null) await this.#save(episode, anew);
  }

  async #runDue(episode: Episode, reset: EpisodeReset): Promise<void> {
    const { book } = this.#deps;
    // The notice of the recovery is stored before anything comes of it.
    await book.journal.written();
    const target = this.#targetOf(episode);
    if (this.#stop.signal.aborted || target === undefined) return;
    if (target === '') return this.#giveUp(episode, reset);
    const now = book.clock();
    const running: EpisodeReset = { state: 'running', target, at: now, ranAt: now, detail: null };
    await this.#save(episode, running);
    // What the disk does not know would be run again after a crash. What was changed meanwhile is looked at anew.
    const same = this.#targetOf(episode) === target;
    if (book.journal.degraded !== null || this.#stop.signal.aborted || !same) return this.#save(episode, reset);
    await this.#runNow(episode, running);
  }

  /** The target of the pool as it is called now; undefined where the pool is gone. */
  #targetOf({ id }: Episode): string | undefined {
    const { book } = this.#deps;
    const known = book.resets().find((each) => each.id === id);
    return known === undefined ? undefined : book.pool(known.pool)?.pool.authResetTarget;
  }

  #giveUp(episode: Episode, reset: EpisodeReset): Promise<void> {
    const detail = 'it was not run: the pool has no auth-reset target any more';
    return this.#save(episode, { ...reset, state: 'failed', at: this.#deps.book.clock(), detail });
  }

  async #runNow(episode: Episode, running: EpisodeReset): Promise<void> {
    try {
      const detail = await this.#execute(episode.pool, running.target);
      await this.#save(episode, { ...running, state: 'waiting', at: this.#deps.book.clock(), detail });
    } catch (error) {
      // Stint itself has ended it.
      if (this.#stop.signal.aborted) return this.#save(episode, { ...running, state: 'due', ranAt: null });
      if (!(error instanceof Problem)) this.#deps.bug(error);
      const problem = error instanceof Problem ? error : undefined;
      const why = problem?.message ?? 'it met a bug of Stint, which is in the log';
      const again = `stint pool reset-auth ${episode.pool}`;
      const mend = problem?.hint === undefined ? again : `${problem.hint}. Then: ${again}`;
      const { reset, notice } = failed(episode, running, { now: this.#deps.book.clock(), why, mend });
      await this.#save(episode, reset, [notice]);
    }
  }

  /** Resolves with what is to be known of it, for people; rejects with a Problem unless it ended with 0. */
  async #execute(pool: Label, target: string): Promise<string> {
    if (this.#stop.signal.aborted)
      throw new Problem('unavailable', 'Stint stops.', { hint: 'Start it with: stint up' });
    const { settings, containers, audit } = this.#deps;
    const note = (outcome: 'done' | Problem['code'], detail: string, kind = 'auth-reset.run') =>
      audit({ kind, surface: 'daemon', actor: 'stint', subject: pool, outcome, detail });
    let text = `the reset of ${target}`;
    try {
      const plan = planReset(settings(), pool, target);
      text = plan.text;
      // A crash from here on leaves this row as the only one.
      await note('done', text, 'auth-reset.begun');
      const { exitCode, output } = await containers(plan.place).exec(plan.target, this.#stop.signal);
      const said = printable(output);
      const ended = `${text} ended with ${exitCode}${said === '' ? '' : `: ${said}`}`;
      if (exitCode !== 0)
        throw new Problem('upstream', `${ended}.`, { hint: 'Run it by hand to see what is wrong with it' });
      await note('done', ended);
      return `${ended}.`;
    } catch (error) {
      const problem = error instanceof Problem ? error : undefined;
      await note(problem?.code ?? 'internal', problem?.message ?? text);
      throw error;
    }
  }

  async #save(episode: Episode, reset: EpisodeReset, notices: readonly Notice[] = []): Promise<void> {
    await this.#deps.book.saveReset(episode.id, reset, notices);
  }
}
