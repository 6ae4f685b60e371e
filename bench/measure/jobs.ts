import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startHost, type HostClient } from '../../crash-tests/host-client.ts';
import type { Dump, Measured } from '../../crash-tests/host.ts';
import { liveAgents } from '../../crash-tests/live.ts';
import { agentScripts } from '../../crash-tests/scripts.ts';
import { hourMs } from '../../src/core/time.ts';

/** The longest that the event loop of the supervisor did not come round; other processes want the processor, too. */
export type Block = Pick<Measured, 'longestBlockMs' | 'longestBusyMs'>;

export type ParkedJobs = {
  readonly jobs: number;
  readonly kibPerJob: number;
  readonly parking: Block;
  readonly resuming: Block;
  /** From the first that goes on to the last that does, and to the last that is done, `places` at a time. */
  readonly rampMs: number;
  readonly doneMs: number;
  readonly places: number;
  /** What was not by the ramp, not once, or a bug. */
  readonly wrong: readonly string[];
};

export type RunningJobs = {
  readonly agents: number;
  readonly kibPerAgent: number;
  readonly starting: Block;
  readonly running: Block;
  readonly ending: Block;
};

/** What the longest block ought to be at most while many jobs go on at once. */
export const blockTargetMs = 50;
const lookMs = 100;
const runningMs = 3000;
const rampStepMs = 250;
const places = 16;

/** Parks so many jobs until the same moment, and lets it come. */
export async function measureParkedJobs(folder: string, jobs: number): Promise<ParkedJobs> {
  await using home = await startHome(folder, places);
  await home.ask({ do: 'close', inMs: hourMs });
  const before = await home.measured();
  await home.ask({ do: 'add', script: agentScripts.quick, spec: { title: 'quick' }, count: jobs });
  while (home.moves().filter(({ to }) => to === 'parked').length < jobs) await Bun.sleep(lookMs);
  const parked = await home.measured();
  await home.ask({ do: 'jump', ms: 2 * hourMs });
  while (home.moves().filter(({ to }) => to === 'done').length < jobs) await Bun.sleep(lookMs);
  const resumed = await home.measured();

  const moves = home.moves();
  const freed = freedOf(moves);
  const firstAt = freed[0]?.at ?? 0;
  return {
    jobs,
    kibPerJob: ((parked.rssMiB - before.rssMiB) * 1024) / jobs,
    parking: blockOf(parked),
    resuming: blockOf(resumed),
    rampMs: (freed.at(-1)?.at ?? 0) - firstAt,
    doneMs: (moves.at(-1)?.at ?? 0) - firstAt,
    places,
    wrong: [...againstRamp(moves, jobs), ...(await home.dump()).bugs],
  };
}

/** Runs so many agents at once until all do, a while longer, and to their end. */
export async function measureRunningJobs(folder: string, agents: number): Promise<RunningJobs> {
  await using home = await startHome(folder, agents);
  const before = await home.measured();
  const script = agentScripts.endless.replace('sleep 60', 'while [ ! -e "$NOTES/go" ]; do sleep 0.2; done; fin');
  await home.ask({ do: 'add', script, spec: { title: 'slow' }, count: agents });
  while (home.agents() < agents || !(await home.are('running'))) await Bun.sleep(lookMs);
  const started = await home.measured();
  await Bun.sleep(runningMs);
  const running = await home.measured();
  await Bun.write(join(home.folder, 'go'), '');
  while (!(await home.are('done'))) await Bun.sleep(lookMs);
  const ended = await home.measured();
  return {
    agents,
    kibPerAgent: ((running.rssMiB - before.rssMiB) * 1024) / agents,
    starting: blockOf(started),
    running: blockOf(running),
    ending: blockOf(ended),
  };
}

type Move = { readonly job: string; readonly from: string; readonly to: string; readonly at: number };

type Home = AsyncDisposable & {
  readonly folder: string;
  ask(command: Parameters<HostClient['ask']>[0]): Promise<void>;
  measured(): Promise<Measured>;
  dump(): Promise<Dump>;
  are(state: string): Promise<boolean>;
  /** How many jobs have an agent that lives. */
  agents(): number;
  moves(): Move[];
};

async function startHome(parent: string, atOnce: number): Promise<Home> {
  const folder = mkdtempSync(join(parent, 'jobs-'));
  const host = await startHost({ folder, offsetMs: 0, places: atOnce, kill: null, measures: true });
  const asked = async <Answer>(command: Parameters<HostClient['ask']>[0]): Promise<Answer> => {
    const told = await host.ask<Answer>(command);
    if (told === null) throw new Error('the supervisor has ended');
    return told.value;
  };
  const live = () => liveAgents((each) => each === folder);
  const dump = () => asked<Dump>({ do: 'dump' });
  return {
    folder,
    ask: (command) => asked(command),
    measured: () => asked({ do: 'measure' }),
    dump,
    are: async (kind) => (await dump()).jobs.every(({ state }) => state.kind === kind),
    agents: () => new Set(live().map(({ job }) => job)).size,
    moves: () => movesOf(folder),
    async [Symbol.asyncDispose]() {
      host.kill('SIGKILL');
      await host.exited;
      for (const { pid } of live()) process.kill(pid, 'SIGKILL');
    },
  };
}

function movesOf(folder: string): Move[] {
  return readFileSync(join(folder, 'transitions'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [job = '', from = '', , to = '', , at] = line.split(' ');
      return { job, from, to, at: Number(at) };
    });
}

function freedOf(moves: readonly Move[]): Move[] {
  return moves.filter(({ from, to }) => from === 'parked' && to === 'queued');
}

/** The first is alone until its turn was served; then the number that may go on doubles with every step. */
function againstRamp(moves: readonly Move[], jobs: number): string[] {
  const freed = freedOf(moves);
  const servedAt = moves.find(({ from, to }) => from === 'running' && to === 'running')?.at ?? 0;
  const wrong: string[] = [];
  const different = new Set(freed.map(({ job }) => job)).size;
  if (freed.length !== jobs || different !== jobs)
    wrong.push(`${freed.length} resumes of ${different} jobs, and ${jobs} were parked`);
  const early = freed.filter(({ at }) => at < servedAt).length;
  if (early !== 1) wrong.push(`${early} went on before a turn was served`);
  for (const [place, { at }] of freed.entries())
    if (place + 1 > 2 ** (Math.floor((at - servedAt) / rampStepMs) + 2))
      wrong.push(`${place + 1} had gone on ${at - servedAt} ms after the first turn was served`);
  return wrong;
}

function blockOf({ longestBlockMs, longestBusyMs }: Measured): Block {
  return { longestBlockMs, longestBusyMs };
}
