import type { Attempt, Job } from '../core/job/job.ts';
import { Problem } from '../core/problem.ts';
import type { JobAgent } from './job-agent.ts';
import type { AccountPort, Launch, Processes, Workspace } from './ports.ts';
import { promptFor } from './prompt.ts';

export type LaunchDeps = {
  readonly processes: Pick<Processes, 'filesOf'>;
  readonly accounts: AccountPort;
  readonly workspace: Workspace;
  readonly agents: ReadonlyMap<string, JobAgent>;
  /** The clean environment that agents start from. */
  readonly environment: Readonly<Record<string, string>>;
  readonly newSession: () => string;
};

/** What an attempt is started with: its phantom or its login directory, its conversation, and what it is told. */
export async function launchOf(deps: LaunchDeps, job: Job, attempt: Attempt): Promise<Launch> {
  const agent = deps.agents.get(attempt.agent);
  if (agent === undefined)
    throw new Problem('invalid', `Stint knows no agent ${attempt.agent}.`, { hint: 'See: stint --help' });
  const reach = await reachOf(deps, agent, attempt);
  const { spec, conversation, handover } = job;
  const goesOn = handover?.kind === 'resume' && conversation?.agent === attempt.agent;
  const takesOver = handover !== null && !goesOn;
  const args = agent.mode.args({
    kind: goesOn ? 'resume' : 'first',
    session: goesOn ? conversation.session : deps.newSession(),
    model: attempt.model,
    args: spec.agent === attempt.agent ? spec.args : [],
  });
  const left = takesOver ? await deps.workspace.describe(spec.directory) : null;
  const environment = { ...deps.environment, ...spec.environment };
  for (const name of agent.withheld) delete (environment as Record<string, string>)[name];
  return {
    attempt: attempt.id,
    files: deps.processes.filesOf(attempt.id),
    prompt: promptFor(takesOver ? { ...job, handover: { ...handover, kind: 'handover' } } : job, left),
    executable: agent.executable,
    args: [...reach.args, ...args],
    environment: { ...environment, ...agent.mode.environment, ...reach.environment },
    directory: spec.directory,
    nice: spec.nice,
  };
}

type Reach = { readonly args: readonly string[]; readonly environment: Readonly<Record<string, string>> };

/** In gateway mode the agent has its phantom and no secret; a profile has its login directory. */
async function reachOf({ accounts }: LaunchDeps, agent: JobAgent, { account, pool, id }: Attempt): Promise<Reach> {
  if (account === null) return accounts.phantom({ agent: agent.id, pool, attempt: id });
  const profile = accounts.account(account)?.profile ?? null;
  if (profile === null)
    throw new Problem('invalid', `Account ${account} has no login directory any more.`, {
      hint: 'See: stint account list',
    });
  return { args: [], environment: agent.profileEnvironment(profile) };
}
