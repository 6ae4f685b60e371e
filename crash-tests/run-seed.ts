import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { minuteMs } from '../src/core/time.ts';
import { attemptOf } from '../src/core/job/state.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import { Declined, startHost, type HostClient } from './host-client.ts';
import type { Command, Dump } from './host.ts';
import { isOver, violationsAtRest } from './invariants.ts';
import { liveAgents, secondWriters } from './live.ts';
import type { Plan, Step } from './plan.ts';
import { agentScripts } from './scripts.ts';

export type Outcome = {
  readonly kills: readonly string[];
  readonly violations: readonly string[];
  readonly bugs: readonly string[];
};

const restWithinMs = 60_000;
const lookMs = 80;

/** Plays a plan with its kills, lets everything come to rest, and says what does not hold. */
export async function runSeed(plan: Plan): Promise<Outcome> {
  using folder = temporaryFolder();
  const run = new Run(plan, folder.path);
  const looks = setInterval(() => run.look(), lookMs);
  try {
    for (const step of plan.steps) await run.step(step);
    const rested = await run.rest();
    if (plan.seed % 4 === 0) await run.killAtRest(rested);
    return { kills: run.kills(), violations: run.violations, bugs: run.bugs };
  } finally {
    clearInterval(looks);
    await run.end();
  }
}

class Run {
  readonly violations: string[] = [];
  bugs: readonly string[] = [];
  readonly #plan: Plan;
  readonly #folder: string;
  readonly #jobs: string[] = [];
  readonly #cancelled = new Set<string>();
  readonly #retried = new Set<string>();
  #host: HostClient | null = null;
  #offsetMs = 0;
  #resting = false;

  constructor(plan: Plan, folder: string) {
    this.#plan = plan;
    this.#folder = folder;
  }

  async step(step: Step): Promise<void> {
    await Bun.sleep(step.afterMs);
    switch (step.do) {
      case 'add':
        return this.#add(step);
      case 'jump':
        return this.#jump(step.ms);
      case 'close':
      case 'clear':
        return void (await this.#ask(step));
      case 'stop':
        await (await this.#running()).ask({ do: 'stop' });
        return;
      default:
        return this.#person(step.do, this.#jobs[step.of]);
    }
  }

  /** Until all that can end has ended, with time going on and a person who answers. */
  async rest(): Promise<Dump> {
    const until = performance.now() + restWithinMs;
    this.#resting = true;
    await this.#ask({ do: 'clear' });
    for (;;) {
      const dump = await this.#ask<Dump>({ do: 'dump' });
      if (dump === null) continue;
      this.bugs = dump.bugs;
      const moving = dump.jobs.filter((job) => !isOver(job));
      if (moving.length === 0 && dump.effects.length === 0) {
        this.#judge(dump);
        return dump;
      }
      if (performance.now() > until) {
        const states = moving.map(
          ({ id, state }) => `job ${id} has no next step: ${JSON.stringify(state)} (${dump.whys[id]})`,
        );
        this.violations.push(...states);
        this.#judge(dump);
        return dump;
      }
      for (const job of moving) {
        const isOfPerson = job.state.kind === 'parked' && job.state.reason === 'user';
        if (isOfPerson) await this.#person('resume', job.id);
        else if (
          job.spec.title.startsWith('endless') ||
          (job.spec.repeatMs !== null && attemptOf(job) === null && job.spec.scheduleAt !== null)
        )
          await this.#person('cancel', job.id);
      }
      if (moving.every((job) => attemptOf(job) === null)) await this.#jump(10 * minuteMs);
      await Bun.sleep(30);
    }
  }

  /** Whoever starts next finds everything as it was, and nothing to do. */
  async killAtRest({ jobs }: Dump): Promise<void> {
    this.#host?.kill('SIGKILL');
    await this.#host?.exited;
    const dump = await this.#ask<Dump>({ do: 'dump' });
    const fences = new Map(jobs.map(({ id, fence }) => [id, fence]));
    const moved = dump?.jobs.filter(({ id, fence }) => fences.get(id) !== fence) ?? [];
    this.violations.push(...moved.map(({ id }) => `job ${id} moved though it was at rest`));
  }

  kills(): string[] {
    const path = join(this.#folder, 'kills');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  }

  /** What must hold at any time. */
  look(): void {
    this.violations.push(...secondWriters(this.#live()));
  }

  async end(): Promise<void> {
    this.#host?.kill('SIGKILL');
    await this.#host?.exited;
    for (const { pid } of this.#live()) process.kill(pid, 'SIGKILL');
  }

  #live(): ReturnType<typeof liveAgents> {
    return liveAgents((folder) => folder === this.#folder);
  }

  #judge(dump: Dump): void {
    const left = this.#live().map(({ pid, job, attempt }) => `process ${pid} of ${job}.${attempt} is left`);
    const asked = { accepted: this.#jobs, cancelled: this.#cancelled, retried: this.#retried };
    this.violations.push(...left, ...violationsAtRest(this.#folder, dump, asked));
  }

  async #add({ agent, spec, after }: Extract<Step, { do: 'add' }>): Promise<void> {
    const dependsOn = after === undefined ? [] : [this.#jobs[after] as never];
    for (let tries = 1; ; tries += 1) {
      // One that nobody acknowledged is asked for again; it may be there twice then.
      const more = { ...spec, dependsOn, title: `${agent} ${this.#jobs.length} ${tries}` };
      const id = await this.#ask<string>({ do: 'add', script: agentScripts[agent], spec: more });
      if (id !== null) return void this.#jobs.push(id);
    }
  }

  async #jump(ms: number): Promise<void> {
    this.#offsetMs += ms;
    await this.#ask({ do: 'jump', ms });
  }

  async #person(does: 'cancel' | 'park' | 'resume' | 'retry', job: string | undefined): Promise<void> {
    if (job === undefined) return;
    if (does === 'retry') {
      this.#retried.add(job);
      this.#cancelled.delete(job);
    }
    try {
      const answer = await this.#ask({ do: does, job });
      if (does !== 'cancel' || answer === null) return;
      this.#cancelled.add(job);
      const left = this.#live().filter((each) => each.job === job);
      this.violations.push(...left.map(({ pid }) => `process ${pid} of the cancelled job ${job} lives`));
    } catch (error) {
      // A person may ask for what does not fit any more.
      if (!(error instanceof Declined)) throw error;
    }
  }

  async #ask<Answer>(command: Command): Promise<Answer | null> {
    const host = await this.#running();
    return (await host.ask<Answer>(command))?.value ?? null;
  }

  async #running(): Promise<HostClient> {
    if (this.#host !== null && !this.#host.hasDied()) return this.#host;
    if (this.#host !== null && !this.#resting) await Bun.sleep(this.#plan.downMs);
    const { kill, killAgain, places } = this.#plan;
    // A host that is stopped regularly before it came to its point leaves that to the next.
    const isKilled = this.kills().length;
    const next = isKilled === 0 ? kill : isKilled === 1 ? killAgain : null;
    const options = { folder: this.#folder, offsetMs: this.#offsetMs, places };
    this.#host = await startHost({ ...options, kill: this.#resting && isKilled > 0 ? null : next });
    return this.#host;
  }
}
