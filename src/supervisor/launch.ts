import { join } from 'node:path';
import type { Attempt, Conversation, Job } from '../core/job/job.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import type { JobAgent } from './job-agent.ts';
import type { AccountPort, Launch, Processes, Workspace } from './ports.ts';
import { promptFor } from './prompt.ts';
import { transcriptOf } from './transcript.ts';

export type LaunchDeps = {
  readonly processes: Pick<Processes, 'filesOf' | 'lines' | 'note'>;
  readonly accounts: AccountPort;
  readonly workspace: Workspace;
  readonly agents: ReadonlyMap<string, JobAgent>;
  /** The clean environment that agents start from. */
  readonly environment: Readonly<Record<string, string>>;
  readonly newSession: () => string;
  readonly clock: () => EpochMs;
  readonly stopping: AbortSignal;
};

const transcriptName = 'transcript.md';

/** What an attempt is started with: its phantom or its login directory, its conversation, and what it is told. */
export async function launchOf(deps: LaunchDeps, job: Job, attempt: Attempt): Promise<Launch> {
  const agent = deps.agents.get(attempt.agent);
  if (agent === undefined)
    throw new Problem('invalid', `Stint knows no agent ${attempt.agent}.`, { hint: 'See: stint --help' });
  const { spec, conversation, handover } = job;
  const known = handover?.kind === 'resume' && conversation?.agent === attempt.agent ? conversation : null;
  const reach = await reachOf(deps, attempt, known);
  const goesOn = known !== null && reach.holds;
  const takesOver = handover !== null && !goesOn;
  if (takesOver && job.stopped !== null)
    throw new Problem('conflict', `The conversation of job ${job.id} is not there any more.`);
  const files = deps.processes.filesOf(attempt.id);
  const transcript = takesOver ? await transcriptOf(deps, job, attempt) : null;
  const args = agent.mode.args({
    kind: goesOn ? 'resume' : 'first',
    session: goesOn ? known.session : deps.newSession(),
    model: attempt.model,
    args: spec.agent === attempt.agent ? spec.args : [],
    reads: transcript === null ? [] : [files.folder],
    prompt: files.prompt,
  });
  const left = takesOver
    ? await leftBehind(deps, spec, transcript === null ? null : join(files.folder, transcriptName))
    : null;
  const environment = { ...deps.environment, ...spec.environment };
  for (const name of agent.withheld) delete (environment as Record<string, string>)[name];
  return {
    attempt: attempt.id,
    files,
    prompt: promptFor(takesOver ? { ...job, handover: { ...handover, kind: 'handover' } } : job, left),
    executable: agent.executable,
    args: [...reach.args, ...args],
    environment: { ...environment, ...agent.mode.environment, ...reach.environment },
    directory: spec.directory,
    nice: spec.nice,
    notes: { agent: attempt.agent, ...(transcript === null ? {} : { [transcriptName]: transcript }) },
  };
}

/** What one that begins anew has to know of those before it. */
async function leftBehind(
  { workspace }: LaunchDeps,
  { directory }: Pick<Job['spec'], 'directory'>,
  transcript: string | null,
): Promise<string> {
  const state = await workspace.describe(directory);
  return transcript === null ? state : `What was said and done up to now is in the file ${transcript}.\n\n${state}`;
}

type Reach = {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether the conversation is where the agent looks for it. */
  readonly holds: boolean;
};

/** In gateway mode the agent has its phantom and no secret; a profile has its login directory. */
async function reachOf(
  { accounts }: LaunchDeps,
  { agent, account, pool, id }: Attempt,
  conversation: Conversation | null,
): Promise<Reach> {
  if (account !== null) return accounts.profile({ agent, account, conversation });
  // One of a profile is not in the user's own directory.
  return { ...(await accounts.phantom({ agent, pool, attempt: id })), holds: conversation?.account === null };
}
