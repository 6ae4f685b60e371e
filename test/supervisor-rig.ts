// A supervisor over a real store, book and processes, with agents that are shell scripts and a clock that the test moves.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentEvent, JobMode } from '../src/agents/job-mode.ts';
import type { Book } from '../src/book/book.ts';
import { addAccount } from '../src/book/roster.ts';
import { asJobId, type JobId } from '../src/core/ids.ts';
import type { Job, JobSpec, JobState } from '../src/core/job/job.ts';
import type { EpochMs } from '../src/core/time.ts';
import { lookMs } from '../src/core/watch/numbers.ts';
import { jobAccounts } from '../src/daemon/job-accounts.ts';
import { openProcesses } from '../src/processes/open-processes.ts';
import { openStore, type Store } from '../src/store/open-store.ts';
import type { JobAgent } from '../src/supervisor/job-agent.ts';
import type { JobStore, Processes, ToolAccess } from '../src/supervisor/ports.ts';
import { Supervisor } from '../src/supervisor/supervisor.ts';
import { agents } from '../src/agents/registry.ts';
import { Book as OpenedBook } from '../src/book/book.ts';
import { buildAccount, captured, idOf } from './builders.ts';
import { buildJob } from './job-builder.ts';
import { temporaryFolder } from './temp-folder.ts';
import { testWorld, type TestWorld } from './watched-world.ts';

/** An agent that prints its events as they are. Its arguments are a script, and `first` or `resume`, session and model. */
export const scripted: JobMode = {
  args: ({ kind, session, model, args }) => [...args, kind, session, model ?? '-'],
  environment: {},
  listen: () => (channel, line) => {
    if (channel === 'stderr' || !line.startsWith('{')) return [];
    return [JSON.parse(line) as AgentEvent];
  },
  readStderr: (text) => ({ failure: 'unknown', detail: text.trim().slice(0, 200), until: null }),
  chain: ['opus', 'sonnet', 'haiku'],
  abilities: { spending: 'answer', namesModel: true, mcp: true },
  // It tells its events to the script that it has as its fourth argument.
  terminal: {
    silent: false,
    args: ({ kind, session, model, args, hook }) => [...args, kind, session, model ?? '-', hook],
    listen: () => (channel, line) =>
      channel !== 'stderr' && line.startsWith('{') ? [JSON.parse(line) as AgentEvent] : [],
    limits: [/^limit reached/],
  },
};

export type SupervisorRig = AsyncDisposable & {
  readonly folder: string;
  readonly supervisor: Supervisor;
  readonly processes: Processes;
  readonly agents: ReadonlyMap<string, JobAgent>;
  readonly book: Book;
  readonly store: Store;
  readonly bugs: unknown[];
  readonly world: TestWorld;
  now: EpochMs;
  places: number;
  paused: string | null;
  /** Adds a job whose agent runs this script; `$1` is `first` or `resume`, `$2` the session, `$3` the model. */
  add(script: string, more?: Partial<JobSpec>): Promise<Job>;
  /** Resolves when a job is in one of these states. */
  reaches(id: JobId, ...kinds: JobState['kind'][]): Promise<Job>;
  /** Resolves once an agent has said this from here on. */
  hearsText(text: string): Promise<void>;
  /** Resolves once agents have told so many events of a kind. */
  hears(kind: AgentEvent['kind'], times?: number): Promise<void>;
  /** Lets so long pass while the watch looks every five seconds. */
  passes(ms: number): Promise<void>;
  /** Moves the clock and lets the supervisor see that. */
  advance(ms: number): void;
  /** Lets go of everything and opens it again, as a restart does; what ran goes on. `meanwhile` is when nothing is supervised. */
  restart(meanwhile?: () => Promise<unknown>): Promise<void>;
  /** What the job's agents noted in this file of the folder. */
  read(name: string): string;
  close(label: string, until: EpochMs, family?: string | null): Promise<void>;
};

export type SupervisorRigOptions = {
  /** Stands between the supervisor and its store. */
  readonly wrapStore?: (store: JobStore) => JobStore;
  readonly wrapProcesses?: (processes: Processes) => Processes;
  readonly tools?: (folder: string) => ToolAccess;
  readonly changed?: (before: Job | null, after: Job) => void;
  /** How long an agent on a terminal may take until its first word. */
  readonly dialogMs?: number;
  /** How long one on a terminal may rest. */
  readonly restMs?: number;
};

export async function openSupervisor(
  labels: readonly string[] = ['a', 'b'],
  {
    wrapStore = (store) => store,
    wrapProcesses = (processes) => processes,
    tools = () => ({ grant: () => Promise.resolve(null) }),
    changed = () => undefined,
    dialogMs = 60_000,
    restMs = 60_000,
  }: SupervisorRigOptions = {},
): Promise<SupervisorRig> {
  const folder = temporaryFolder();
  const state = { now: captured, places: 8, paused: null as string | null };
  const bugs: unknown[] = [];
  const awaited = new Map<string, () => void>();
  const world = testWorld();
  const told: AgentEvent['kind'][] = [];
  const listeners = new Set<() => void>();
  const heard = (event: AgentEvent): void => {
    if (event.kind === 'text') awaited.get(event.text)?.();
    told.push(event.kind);
    for (const listener of [...listeners]) listener();
  };
  let opened = await open();
  for (const label of labels) await addAccount(opened.book, buildAccount(label));
  opened.supervisor.start();
  let scripts = 0;

  async function open() {
    // A job's own arguments are not for the agent that takes it over.
    const args: JobMode['args'] = (start) => scripted.args({ ...start, args: [join(folder.path, 'second-agent')] });
    const second: JobMode = { ...scripted, args };
    const store = await openStore(join(folder.path, 'stint.db'), { now: state.now });
    const book = await OpenedBook.open({ store, clock: () => state.now, tell: () => undefined });
    const processes = openProcesses({
      ...{ path: process.env['PATH'] ?? '', checkMs: 200 },
      folder: join(folder.path, 'attempts'),
      kill: (pid, signal) => void process.kill(pid, signal),
      graceMs: 300,
    });
    const accounts = jobAccounts({
      ...{ book, agents, declared: new Map(), holdMs: () => 0, gatewayUrl: () => 'http://127.0.0.1:1' },
      agentFolder: () => Promise.resolve(folder.path),
      environment: { HOME: folder.path },
      lookAfterProfiles: () => Promise.resolve(),
      phantomFile: (attempt) => join(processes.filesOf(attempt).folder, 'phantom'),
    });
    const workers = new Map<string, JobAgent>([
      ['claude', { id: 'claude', executable: '/bin/sh', mode: scripted, withheld: [] }],
      ['gemini', { id: 'gemini', executable: '/bin/sh', mode: second, withheld: [] }],
    ]);
    const supervisor = await Supervisor.open({
      ...{
        store: wrapStore(store),
        processes: wrapProcesses(processes),
        accounts,
        clock: () => state.now,
        random: () => 0,
      },
      newId: () => asJobId(crypto.randomUUID().slice(0, 10).replace('-', '0')),
      newSession: () => crypto.randomUUID(),
      silenceMs: 300,
      workspace: {
        unwanted: () => Promise.resolve(null),
        describe: () => Promise.resolve('Nothing was committed.'),
      },
      tools: tools(join(folder.path, 'attempts')),
      agents: workers,
      dialogMs,
      restMs,
      screenMs: 200,
      environment: { PATH: process.env['PATH'] ?? '', NOTES: folder.path },
      places: () => state.places,
      paused: () => state.paused,
      ...{ timeZone: 'UTC', changed, bug: (error) => void bugs.push(error) },
      heard: (_, event) => heard(event),
      world,
    });
    return { store, book, supervisor, processes, workers };
  }

  async function close(): Promise<void> {
    await opened.supervisor.stop();
    opened.processes.close();
    await opened.book.stop();
    await opened.store.close();
  }

  return {
    folder: folder.path,
    bugs,
    hearsText: (text) => new Promise((resolve) => void awaited.set(text, resolve)),
    world,
    get supervisor() {
      return opened.supervisor;
    },
    get processes() {
      return opened.processes;
    },
    get agents() {
      return opened.workers;
    },
    get book() {
      return opened.book;
    },
    get store() {
      return opened.store;
    },
    get now() {
      return state.now;
    },
    set now(value) {
      state.now = value;
    },
    get places() {
      return state.places;
    },
    set places(value) {
      state.places = value;
    },
    get paused() {
      return state.paused;
    },
    set paused(value) {
      state.paused = value;
    },
    async add(script, more = {}) {
      const path = join(folder.path, `script-${(scripts += 1)}`);
      mkdirSync(folder.path, { recursive: true });
      writeFileSync(path, script);
      return opened.supervisor.add({ ...buildJob().spec, directory: folder.path, args: [path], ...more });
    },
    reaches: (id, ...kinds) => opened.supervisor.until(id, (job) => kinds.includes(job.state.kind)),
    hears: (kind, times = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (told.filter((each) => each === kind).length < times) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
    async passes(ms) {
      // One that is under way has seen the world of before.
      await opened.supervisor.watch.tick();
      for (const until = state.now + ms; state.now < until;) {
        state.now += Math.min(lookMs, until - state.now);
        await opened.supervisor.watch.tick();
      }
    },
    advance(ms) {
      state.now += ms;
      opened.supervisor.look();
    },
    async restart(meanwhile = () => Promise.resolve()) {
      await opened.supervisor.stop();
      await meanwhile();
      await close();
      opened = await open();
      opened.supervisor.start();
    },
    read: (name) => readFileSync(join(folder.path, name), 'utf8'),
    async close(label, until, family = null) {
      const signal = {
        kind: 'closed',
        window: 'five_hour',
        family,
        overage: false,
        until,
        evidence: 'used up',
      } as const;
      await opened.book.observe({
        account: idOf(label),
        model: null,
        sentAt: state.now,
        signals: [signal],
        served: false,
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.supervisor.all().map(({ id }) => opened.supervisor.cancel(id).catch(() => undefined)));
      await close();
      folder[Symbol.dispose]();
    },
  };
}

/** Lines of a script that tell events from a terminal. */
export const tell = (event: AgentEvent): string =>
  `printf '%s\\n' '${JSON.stringify(event).replaceAll("'", '')}' | sh "$4"\n`;

/** Lines of a script that print events. */
export const print = (event: AgentEvent): string => `printf '%s\\n' '${JSON.stringify(event).replaceAll("'", '')}'\n`;
export const finish = (text = 'ok'): string => print({ kind: 'turn-completed' }) + print({ kind: 'result', text });
