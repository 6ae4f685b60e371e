import { join } from 'node:path';
import type { Agent } from '../agents/agent.ts';
import { asAttemptId, asJobId, type JobId } from '../core/ids.ts';
import { attemptOf, hasEnded } from '../core/job/transition.ts';
import { localTimeZone } from '../lib/local-time-zone.ts';
import type { Log } from '../log/log.ts';
import type { Jobs } from '../operations/context.ts';
import { agentProcesses } from '../processes/agent-processes.ts';
import type { JobAgent } from '../supervisor/job-agent.ts';
import { attemptLog } from '../supervisor/logs.ts';
import type { JobStore } from '../supervisor/ports.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { jobAccounts, type JobAccountDeps } from './job-accounts.ts';
import { localWorkspace } from './workspace.ts';

export type JobsDeps = JobAccountDeps & {
  readonly store: JobStore;
  readonly log: Pick<Log, 'info' | 'bug'>;
  /** Holds a folder per attempt. */
  readonly folder: string;
  readonly agents: ReadonlyMap<string, Agent>;
  /** The user's own; agents get a part of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
  readonly places: () => number;
};

/** What an agent needs of the user's environment to find its programs and its home; everything else stays here. */
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
];

/** Opens the jobs; they move once the supervisor is started. */
export async function openJobs(
  opened: AsyncDisposableStack,
  deps: JobsDeps,
): Promise<{ readonly supervisor: Supervisor; readonly jobs: Jobs }> {
  const { book, store, log, folder, environment, kill, places } = deps;
  const processes = agentProcesses({ folder, kill });
  const agents = new Map([...deps.agents.values()].map((agent) => [agent.id, jobAgent(agent)]));
  const clean = Object.fromEntries(
    passed.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
  const supervisor = await Supervisor.open({
    ...{ store, processes, agents, places, accounts: jobAccounts(deps), clock: book.clock, random: Math.random },
    newId: () => asJobId(newId()),
    newSession: () => crypto.randomUUID(),
    workspace: localWorkspace(environment['PATH'] ?? ''),
    environment: { ...clean, TERM: 'dumb', NO_COLOR: '1' },
    timeZone: localTimeZone(),
    paused: () => (book.journal.degraded === null ? null : 'the store cannot be written'),
    changed: (before, after) => {
      const from = before?.state.kind ?? null;
      if (from !== after.state.kind)
        log.info('job', { job: after.id, from, to: after.state.kind, title: after.spec.title });
    },
    heard: () => undefined,
    bug: log.bug,
  });
  opened.adopt(supervisor, (each) => each.stop());
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
        const agent = agents.get(supervisor.attempt(id)?.agent ?? job.spec.agent);
        if (agent !== undefined)
          yield* attemptLog({ processes, clock: book.clock }, { attempt, mode: agent.mode, ended }, signal);
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
      all: () => supervisor.all(),
      attempt: (id) => supervisor.attempt(id),
      why: (job) => supervisor.why(job),
      add: (spec) => supervisor.add(spec),
      cancel: (id: JobId) => supervisor.cancel(id),
      park: (id, reason) => supervisor.park(id, reason),
      resume: (id) => supervisor.resume(id),
      retry: (id, anew) => supervisor.retry(id, anew),
      answer: (id, answer) => supervisor.answer(id, answer),
    },
  };
}

export function attemptsFolder(home: string): string {
  return join(home, 'attempts');
}

function jobAgent({ id, command, job, withheld, profile }: Agent): JobAgent {
  return {
    id,
    executable: command,
    mode: job,
    withheld: [...withheld, ...profile.withheld],
    profileEnvironment: (folder) => profile.environment(folder),
  };
}

const letters = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Ten letters and digits that nobody mistakes for one another. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => letters[byte % letters.length]).join('');
}
