// A process that hosts a supervisor and does what the lines on its stdin say; it ends itself with SIGKILL at a commit point.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agents } from '../src/agents/registry.ts';
import { Book } from '../src/book/book.ts';
import { addAccount, clearAccount } from '../src/book/roster.ts';
import { asJobId } from '../src/core/ids.ts';
import type { CommitPoint } from '../src/core/job/commit-point.ts';
import type { Job, JobSpec } from '../src/core/job/job.ts';
import { Problem } from '../src/core/problem.ts';
import { jobAccounts } from '../src/daemon/job-accounts.ts';
import { agentProcesses } from '../src/processes/agent-processes.ts';
import { markedProcesses } from '../src/processes/process-table.ts';
import { openStore } from '../src/store/open-store.ts';
import type { JobStore } from '../src/supervisor/ports.ts';
import { Supervisor } from '../src/supervisor/supervisor.ts';
import { buildAccount, idOf } from '../test/builders.ts';
import { buildJob } from '../test/job-builder.ts';
import { scripted } from '../test/supervisor-rig.ts';
import { testWorld } from '../test/watched-world.ts';

export type HostOptions = {
  readonly folder: string;
  /** The clock is that of the machine, and so much. */
  readonly offsetMs: number;
  readonly places: number;
  /** At the so manieth time that this point is reached. */
  readonly kill: { readonly point: CommitPoint; readonly nth: number } | null;
  /** The database refuses every write from the start on. */
  readonly readOnly?: boolean;
  /** Measures the event loop, which costs. */
  readonly measures?: boolean;
};

export type Command =
  | { readonly do: 'add'; readonly script: string; readonly spec: Partial<JobSpec>; readonly count?: number }
  | { readonly do: 'cancel' | 'park' | 'resume' | 'retry'; readonly job: string }
  | { readonly do: 'close'; readonly inMs: number }
  | { readonly do: 'clear' | 'dump' | 'stop' }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'full'; readonly full: boolean }
  | { readonly do: 'measure' };

export type Dump = {
  readonly jobs: readonly Job[];
  readonly effects: readonly string[];
  readonly bugs: readonly string[];
  /** One sentence for each job that does not run. */
  readonly whys: Readonly<Record<string, string | null>>;
};
export type Measured = {
  readonly longestBlockMs: number;
  /** The longest in which the host itself was busy: other processes want the processor, too. */
  readonly longestBusyMs: number;
  readonly rssMiB: number;
  readonly heapMiB: number;
};

const labels = ['a', 'b'];

if (import.meta.main) await host(JSON.parse(process.argv[2] ?? '{}') as HostOptions);

async function host(options: HostOptions): Promise<void> {
  const { folder, kill, places } = options;
  const state = { offsetMs: options.offsetMs, full: false, readOnly: options.readOnly === true };
  const clock = (): number => Date.now() + state.offsetMs;
  const bugs: string[] = [];
  let reachedTimes = 0;
  const reached = (point: CommitPoint): void => {
    if (point !== kill?.point || (reachedTimes += 1) < kill.nth) return;
    appendFileSync(join(folder, 'kills'), `${point}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
  const store = await openStore(join(folder, 'stint.db'), { now: clock() }).catch((error: unknown) => {
    console.log(JSON.stringify({ refused: error instanceof Problem ? error.code : String(error) }));
    return process.exit(3);
  });
  const book = await Book.open({ store, clock, tell: () => undefined });
  for (const label of labels) if (!book.state.accounts.has(idOf(label))) await addAccount(book, buildAccount(label));
  const refuse = (): boolean => state.full || state.readOnly;
  const supervisor = await Supervisor.open({
    store: refusing(store, refuse),
    processes: agentProcesses({
      folder: join(folder, 'attempts'),
      kill: (pid, signal) => void process.kill(pid, signal),
      graceMs: 250,
      reached,
    }),
    accounts: jobAccounts({
      ...{ book, agents, declared: new Map(), holdMs: () => 0, gatewayUrl: () => 'http://127.0.0.1:1' },
      agentFolder: () => Promise.resolve(folder),
      environment: {},
      lookAfterProfiles: () => Promise.resolve(),
      phantomFile: (attempt) => join(folder, 'attempts', attempt, 'phantom'),
    }),
    newId: () => asJobId(crypto.randomUUID().slice(0, 13).replaceAll('-', '0')),
    newSession: () => crypto.randomUUID(),
    workspace: { unwanted: () => Promise.resolve(null), describe: () => Promise.resolve('Nothing was committed.') },
    tools: { grant: () => Promise.resolve(null) },
    agents: new Map([['claude', { id: 'claude', executable: '/bin/sh', mode: scripted, withheld: [] }]]),
    environment: { PATH: process.env['PATH'] ?? '', NOTES: folder },
    changed: (before, after) => {
      const row = [after.id, before?.state.kind ?? '-', before?.fence ?? -1, after.state.kind, after.fence, Date.now()];
      appendFileSync(join(folder, 'transitions'), `${row.join(' ')}\n`);
    },
    ...{ clock, random: () => 0.3, places: () => places, timeZone: 'UTC', paused: () => null, reached },
    ...{ heard: () => undefined, bug: (error) => void bugs.push(String(error)) },
    world: testWorld({
      marked: () => markedProcesses(process.pid),
      isOfThisHome: (attempt) => Promise.resolve(existsSync(join(folder, 'attempts', attempt))),
      idleMs: () => 0,
      every: (ms, run) => {
        const timer = setInterval(run, ms / 10);
        return () => clearInterval(timer);
      },
    }),
  });
  supervisor.start();
  const blocks = options.measures === true ? watchBlocks() : () => ({ longestBlockMs: 0, longestBusyMs: 0 });
  console.log(JSON.stringify({ ready: true }));

  const obey = async (command: Command): Promise<unknown> => {
    switch (command.do) {
      case 'add': {
        const path = join(folder, `script-${crypto.randomUUID()}`);
        writeFileSync(path, command.script);
        const spec = { ...buildJob().spec, directory: folder, args: [path], ...command.spec };
        for (let more = (command.count ?? 1) - 1; more > 0; more -= 1) await supervisor.add(spec);
        return (await supervisor.add(spec)).id;
      }
      case 'cancel':
        return supervisor.cancel(asJobId(command.job));
      case 'park':
        return supervisor.park(asJobId(command.job), 'not now');
      case 'resume':
        return supervisor.resume(asJobId(command.job));
      case 'retry':
        return supervisor.retry(asJobId(command.job), false);
      case 'close':
        for (const label of labels) await close(label, clock() + command.inMs);
        return null;
      case 'clear':
        for (const label of labels) await clearAccount(book, idOf(label));
        return null;
      case 'jump':
        state.offsetMs += command.ms;
        supervisor.look();
        return null;
      case 'full':
        state.full = command.full;
        supervisor.look();
        return null;
      case 'measure': {
        const { rss, heapUsed } = process.memoryUsage();
        const mib = 1024 * 1024;
        return { ...blocks(), rssMiB: rss / mib, heapMiB: heapUsed / mib } satisfies Measured;
      }
      case 'dump': {
        const { jobs, effects } = await store.loadJobs();
        const whys = Object.fromEntries(supervisor.all().map((job) => [job.id, supervisor.why(job)]));
        return { jobs, effects: effects.map(({ id, effect }) => `${id} ${effect.kind}`), bugs, whys } satisfies Dump;
      }
      case 'stop':
        await supervisor.stop();
        await book.stop();
        await store.close();
        process.exit(0);
    }
  };
  const close = async (label: string, until: number): Promise<void> => {
    const signal = { kind: 'closed', window: 'five_hour', family: null, overage: false } as const;
    const signals = [{ ...signal, until, evidence: 'used up' }];
    await book.observe({ account: idOf(label), model: null, sentAt: clock(), signals, served: false });
    await book.journal.written();
  };

  for await (const line of console) {
    const { n, ...command } = JSON.parse(line) as Command & { n: number };
    void obey(command as Command).then(
      (value) => console.log(JSON.stringify({ n, value })),
      (error: unknown) => console.log(JSON.stringify({ n, error: String(error) })),
    );
  }
  // Whoever gave the commands is gone.
  process.exit(4);
}

function refusing(store: JobStore, refuse: () => boolean): JobStore {
  const or = <T>(write: () => Promise<T>): Promise<T> =>
    refuse() ? Promise.reject(Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })) : write();
  return {
    ...store,
    addJobs: (jobs) => or(() => store.addJobs(jobs)),
    saveTransition: (before, after) => or(() => store.saveTransition(before, after)),
    effectDone: (id) => or(() => store.effectDone(id)),
  };
}

/** The longest that the event loop did not come round since the last call. */
function watchBlocks(): () => Pick<Measured, 'longestBlockMs' | 'longestBusyMs'> {
  let longest = { longestBlockMs: 0, longestBusyMs: 0 };
  let last = performance.now();
  let lastUsage = process.cpuUsage();
  setInterval(() => {
    const now = performance.now();
    const usage = process.cpuUsage();
    const blockMs = now - last - 1;
    const usedMs = (usage.user + usage.system - lastUsage.user - lastUsage.system) / 1000;
    const { longestBlockMs, longestBusyMs } = longest;
    longest = {
      longestBlockMs: Math.max(longestBlockMs, blockMs),
      longestBusyMs: Math.max(longestBusyMs, Math.min(blockMs, usedMs)),
    };
    last = now;
    lastUsage = usage;
  }, 1);
  return () => {
    const told = longest;
    longest = { longestBlockMs: 0, longestBusyMs: 0 };
    return told;
  };
}
