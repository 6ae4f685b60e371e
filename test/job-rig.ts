// Operations over a real supervisor, whose agents are shell scripts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agents as known } from '../src/agents/registry.ts';
import type { Jobs } from '../src/operations/context.ts';
import { asAttemptId } from '../src/core/ids.ts';
import { terminalObstacle, terminalOf } from '../src/daemon/job-terminals.ts';
import { agentProcesses } from '../src/processes/agent-processes.ts';
import { attemptLog } from '../src/supervisor/logs.ts';
import { openOperations, type OperationRig } from './operation-rig.ts';
import { openSupervisor, scripted, type SupervisorRig } from './supervisor-rig.ts';

export type JobRig = AsyncDisposable & {
  readonly operations: OperationRig;
  readonly agents: SupervisorRig;
  /** A file with this script, to be the first of a job's `args`. */
  script(text: string): string;
};

export async function openJobOperations(): Promise<JobRig> {
  const agents = await openSupervisor();
  const operations = await openOperations({ jobs: jobsOf(agents) });
  let scripts = 0;
  return {
    ...{ operations, agents },
    script(text) {
      const path = join(agents.folder, `own-script-${(scripts += 1)}`);
      writeFileSync(path, text);
      return path;
    },
    [Symbol.asyncDispose]: async () => {
      await operations[Symbol.asyncDispose]();
      await agents[Symbol.asyncDispose]();
    },
  };
}

/** The operations' way to the supervisor; the logs are of what has been said. */
export function jobsOf(rig: SupervisorRig): Jobs {
  const kill = (pid: number, signal: NodeJS.Signals): void => void process.kill(pid, signal);
  const processes = agentProcesses({ folder: join(rig.folder, 'attempts'), kill });
  return {
    agents: new Map([...known.values()].map(({ id, provider }) => [id, provider])),
    abilities: new Map([...known.values()].map(({ id, job }) => [id, job.abilities])),
    all: () => rig.supervisor.all(),
    spent: (job) => rig.supervisor.spent(job),
    attempt: (id) => rig.supervisor.attempt(id),
    why: (job) => rig.supervisor.why(job),
    resolve: (job) => ({ resolved: rig.supervisor.resolve(job), rungs: rig.supervisor.rungs(job) }),
    add: (spec) => rig.supervisor.add(spec),
    cancel: (id) => rig.supervisor.cancel(id),
    park: (id, reason) => rig.supervisor.park(id, reason),
    resume: (id) => rig.supervisor.resume(id),
    retry: (id, anew) => rig.supervisor.retry(id, anew),
    answer: (id, answer) => rig.supervisor.answer(id, answer),
    terminalObstacle: (wish) => terminalObstacle(wish, rig.agents, process.env['PATH'] ?? ''),
    terminal: (id) => terminalOf(rig.supervisor.find(id), rig.processes),
    async *logs(id, { signal }) {
      const attempts = rig.supervisor.find(id)?.attempts ?? 0;
      for (let number = 1; number <= attempts; number += 1) {
        const attempt = { id: asAttemptId(`${id}.${number}`), number };
        const how = { attempt, mode: scripted, ended: Promise.resolve() };
        yield* attemptLog({ processes, clock: () => rig.now }, how, signal);
      }
    },
  };
}
