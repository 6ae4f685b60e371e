import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Agent } from '../agents/agent.ts';
import { declaredAgent, type DeclaredAgent } from '../agents/declared.ts';
import type { Config } from '../config/config-schema.ts';
import {
  asAttemptId,
  asJobId,
  asPhantomId,
  asProviderId,
  type AttemptId,
  type JobId,
  type PhantomId,
  type ProviderId,
} from '../core/ids.ts';
import { attemptOf, hasEnded, isSettled } from '../core/job/state.ts';
import { Problem } from '../core/problem.ts';
import { localTimeZone } from '../lib/local-time-zone.ts';
import type { Log } from '../log/log.ts';
import type { Jobs } from '../operations/context.ts';
import { providers } from '../providers/registry.ts';
import { openProcesses } from '../processes/open-processes.ts';
import { modeOn, type JobAgent } from '../supervisor/job-agent.ts';
import { attemptLog } from '../supervisor/logs.ts';
import type { JobStore, ToolAccess } from '../supervisor/ports.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import type { Requests } from '../supervisor/watch-ports.ts';
import { everyHour } from './every-hour.ts';
import { terminalObstacle, terminalOf } from './job-terminals.ts';
import { tellAgain, tellJob, type JobWitness } from './job-events.ts';
import { jobAccounts, type JobAccountDeps } from './job-accounts.ts';
import { watchedWorld } from './watched-world.ts';
import { localWorkspace } from './workspace.ts';

export type JobsDeps = Omit<JobAccountDeps, 'phantomFile'> & {
  readonly store: JobStore;
  readonly log: Pick<Log, 'info' | 'warning' | 'bug'>;
  /** Holds a folder per attempt. */
  readonly folder: string;
  readonly agents: ReadonlyMap<string, Agent>;
  /** The daemon's own. */
  readonly pid: number;
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
  readonly places: () => number;
  /** How long an agent may give no sign of life; 0 for ever. */
  readonly idleMs: () => number;
  /** Models of a provider, best first; empty for each agent's own. */
  readonly chainOf: (provider: ProviderId) => readonly string[];
  /** Requests with a phantom. */
  readonly requestsOf: (phantom: PhantomId) => Requests;
  /** How long a job that has ended stays. */
  readonly keepMs: () => number;
  readonly tools: ToolAccess;
  /** A job has ended, or is blocked. */
  readonly jobSettled: (job: JobId) => void;
} & JobWitness;

/**
 * What an agent needs of the user's environment to find its programs, its settings and the way out; everything else
 * stays here: secrets, and what is Stint's own.
 */
const passed = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'CLAUDE_CONFIG_DIR', 'CODEX_HOME', 'GEMINI_CLI_HOME'],
  // The launcher has completed `no_proxy`, so that none stands before the gateway.
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** Opens the jobs; they move once the supervisor is started. */
export async function openJobs(
  opened: AsyncDisposableStack,
  deps: JobsDeps,
): Promise<{ readonly supervisor: Supervisor; readonly jobs: Jobs }> {
  const { book, store, log, folder, environment, kill, places } = deps;
  const processes = openProcesses({ folder, kill, path: environment['PATH'] ?? '' });
  opened.defer(() => processes.close());
  const phantomFile = (attempt: AttemptId): string => join(processes.filesOf(attempt).folder, 'phantom');
  const agents = new Map([
    ...[...deps.declared.values()].map((each) => [each.id, ownAgent(each)] as const),
    ...[...deps.agents.values()].map((each) => [each.id, jobAgent(each)] as const),
  ]);
  const workers = new Map([...deps.declared, ...deps.agents].map(([id, { provider }]) => [id, provider] as const));
  const clean = Object.fromEntries(
    passed.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
  const supervisor = await Supervisor.open({
    ...{
      store,
      processes,
      agents,
      places,
      accounts: jobAccounts({ ...deps, phantomFile }),
      clock: book.clock,
      random: Math.random,
    },
    newId: () => asJobId(newId()),
    newSession: () => crypto.randomUUID(),
    workspace: localWorkspace(environment['PATH'] ?? ''),
    environment: { ...clean, TERM: 'dumb', NO_COLOR: '1' },
    timeZone: localTimeZone(),
    paused: () => (book.journal.degraded === null ? null : 'the store cannot be written'),
    tools: deps.tools,
    chainOf: (agent) =>
      (deps.declared.get(agent)?.job.chain.length ?? 0) > 0 ? null : chainOf(deps, workers.get(agent) ?? null),
    changed: (before, after) => {
      tellJob(deps, before, after);
      if (before !== null && !isSettled(before) && isSettled(after)) deps.jobSettled(after.id);
    },
    heard: () => undefined,
    bug: log.bug,
    world: watchedWorld({
      ...{ ...deps, folder, processes, clock: book.clock },
      requests: async (attempt) => requestsOf(deps, await phantomOf(phantomFile(attempt))),
    }),
  });
  opened.adopt(supervisor, (each) => each.stop());
  keepJobs(opened, supervisor, deps);
  const logs: Jobs['logs'] = async function* logs(id, { follow, signal }) {
    let number = 1;
    for (;;) {
      const job = supervisor.find(id);
      if (job === undefined) return;
      const attempt = { id: asAttemptId(`${id}.${number}`), number };
      if (number <= job.attempts) {
        const present = attemptOf(job) === attempt.id && follow;
        const ended = present
          ? supervisor.until(id, (each) => attemptOf(each) !== attempt.id, signal)
          : Promise.resolve();
        const agent = agents.get((await processes.note(attempt.id, 'agent')) ?? job.spec.agent);
        if (agent !== undefined)
          yield* attemptLog(
            { processes, clock: book.clock },
            { attempt, mode: modeOn(agent.mode, job.spec.transport), ended },
            signal,
          );
        number += 1;
      } else if (!follow || hasEnded(job) || signal.aborted) return;
      else
        await supervisor.until(id, (each) => each.attempts >= number || hasEnded(each), signal).catch(() => undefined);
    }
  };
  return {
    supervisor,
    jobs: {
      logs,
      agents: workers,
      abilities: new Map([...agents].map(([id, { mode }]) => [id, mode.abilities])),
      spent: (job) => supervisor.spent(job),
      all: () => supervisor.all(),
      attempt: (id) => supervisor.attempt(id),
      why: (job) => supervisor.why(job),
      resolve: (job) => ({ resolved: supervisor.resolve(job), rungs: supervisor.rungs(job) }),
      add: (spec) => supervisor.add(spec),
      cancel: (id: JobId) => supervisor.cancel(id),
      park: (id, reason) => supervisor.park(id, reason),
      resume: (id) => supervisor.resume(id),
      retry: (id, anew) => supervisor.retry(id, anew),
      answer: (id, answer) => supervisor.answer(id, answer),
      terminalObstacle: (wish) => terminalObstacle(wish, agents, environment['PATH'] ?? ''),
      terminal: (id) => terminalOf(supervisor.find(id), processes),
    },
  };
}

/** What the config says of a provider's models; null where it leaves that to the agent. */
function chainOf(deps: Pick<JobsDeps, 'chainOf'>, provider: ProviderId | null): readonly string[] | null {
  const models = provider === null ? [] : deps.chainOf(provider);
  return models.length === 0 ? null : models;
}

/** None for one that has no phantom: its requests are not seen, and its output is what counts. */
function requestsOf(deps: Pick<JobsDeps, 'requestsOf'>, phantom: PhantomId | null): Requests {
  return phantom === null ? { lastAt: null, open: 0, held: 0 } : deps.requestsOf(phantom);
}

async function phantomOf(file: string): Promise<PhantomId | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  return text === '' ? null : asPhantomId(text);
}

/** Tells what a crash kept from being told, and removes what ended long ago. */
function keepJobs(
  opened: AsyncDisposableStack,
  supervisor: Supervisor,
  { book: { clock }, addNotices, keepMs, log }: JobsDeps,
): void {
  addNotices(tellAgain(supervisor.all(), clock()));
  const forget = (): void => void supervisor.forget(clock() - keepMs()).catch(log.bug);
  opened.adopt(everyHour(clock, forget), (each) => each.stop());
}

/** The agents of the config. Throws a Problem where one names a provider that is none. */
export function declaredAgents(config: Config['agents']): ReadonlyMap<string, DeclaredAgent> {
  return new Map(
    Object.entries(config).map(([id, declaration]) => {
      const provider = declaration.provider === '' ? null : asProviderId(declaration.provider);
      if (provider !== null && !providers.has(provider))
        throw new Problem('invalid', `agents.${id}.provider is ${provider}, which is no provider.`, {
          hint: `Use one of: ${[...providers.keys()].join(', ')}`,
        });
      return [id, declaredAgent(id, provider, declaration)];
    }),
  );
}

function jobAgent({ id, command, job, withheld, profile }: Agent): JobAgent {
  return {
    id,
    executable: command,
    mode: job,
    withheld: [...withheld, ...profile.withheld],
  };
}

function ownAgent({ id, command, job }: DeclaredAgent): JobAgent {
  return { id, executable: command, mode: job, withheld: [] };
}

const letters = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Ten letters and digits that nobody mistakes for one another. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => letters[byte % letters.length]).join('');
}
