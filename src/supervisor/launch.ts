import { join } from 'node:path';
import type { Attempt, Conversation, Job } from '../core/job/job.ts';
import { knownTo } from '../core/job/state.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import type { TerminalMode, TerminalStart } from '../agents/job-mode.ts';
import { hookName, hookScript } from './hook-script.ts';
import type { JobAgent } from './job-agent.ts';
import { toolTokenVariable, toolUrlVariable, type ToolSettings } from '../agents/job-mode.ts';
import type { AccountPort, Launch, Processes, RunFiles, ToolAccess, Workspace } from './ports.ts';
import { promptFor } from './prompt.ts';
import { transcriptOf } from './transcript.ts';

export type LaunchDeps = {
  readonly processes: Pick<Processes, 'filesOf' | 'lines' | 'note'>;
  readonly accounts: AccountPort;
  readonly workspace: Workspace;
  readonly tools: ToolAccess;
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
  const { spec, handover } = job;
  const known = knownTo(job, attempt.agent);
  const tools = await toolsOf(deps, agent, attempt);
  const reach = await reachOf(deps, attempt, { conversation: known, hasTools: tools.hasTools });
  const goesOn = known !== null && reach.holds;
  const takesOver = handover !== null && !goesOn;
  if (takesOver && job.stopped !== null)
    throw new Problem('conflict', `The conversation of job ${job.id} is not there any more.`);
  const files = deps.processes.filesOf(attempt.id);
  const transcript = takesOver ? await transcriptOf(deps, job, attempt) : null;
  const start = {
    kind: goesOn ? 'resume' : 'first',
    session: goesOn ? known.session : deps.newSession(),
    model: attempt.model,
    args: spec.agent === attempt.agent ? spec.args : [],
    reads: transcript === null && spec.transport === 'pipe' ? [] : [files.folder],
    prompt: files.prompt,
  } as const;
  const left = takesOver
    ? await leftBehind(deps, spec, transcript === null ? null : join(files.folder, transcriptName))
    : null;
  const onTerminal = spec.transport === 'pipe' ? null : terminalOf(agent, files);
  const args = onTerminal === null ? agent.mode.args(start) : onTerminal.mode.args({ ...start, ...onTerminal.start });
  const environment = { ...deps.environment, ...spec.environment };
  // They say that there is no terminal.
  if (onTerminal !== null)
    for (const name of ['TERM', 'NO_COLOR']) delete (environment as Record<string, string>)[name];
  for (const name of agent.withheld) delete (environment as Record<string, string>)[name];
  return {
    attempt: attempt.id,
    files,
    prompt: promptFor(takesOver ? { ...job, handover: { ...handover, kind: 'handover' } } : job, left),
    executable: agent.executable,
    args: [...reach.args, ...tools.args, ...args],
    environment: { ...environment, ...agent.mode.environment, ...reach.environment, ...tools.environment },
    directory: spec.directory,
    nice: spec.nice,
    transport: spec.transport,
    notes: {
      agent: attempt.agent,
      ...tools.files,
      ...(transcript === null ? {} : { [transcriptName]: transcript }),
      ...(onTerminal === null ? {} : { [hookName]: hookScript(files) }),
    },
  };
}

type Tools = ToolSettings & {
  readonly hasTools: boolean;
  readonly environment: Readonly<Record<string, string>>;
};

/** What leads an attempt to its tools: a token of its own in the environment, and settings that name the server. */
async function toolsOf({ tools, processes }: LaunchDeps, { mode }: JobAgent, { id }: Attempt): Promise<Tools> {
  const access = await tools.grant(id);
  if (access === null) return { hasTools: false, args: [], environment: {} };
  const { url, token } = access;
  const settings = mode.tools?.({ url, folder: processes.filesOf(id).folder }) ?? { args: [] };
  return { ...settings, hasTools: true, environment: { [toolUrlVariable]: url, [toolTokenVariable]: token } };
}

/** A prompt as an argument could be read by everybody, and a long one would not fit. */
function terminalOf(
  { id, mode: { terminal } }: JobAgent,
  files: RunFiles,
): { readonly mode: TerminalMode; readonly start: Pick<TerminalStart, 'says' | 'hook'> } {
  if (terminal === undefined)
    throw new Problem('invalid', `${id} cannot run on a terminal.`, { hint: 'Add the job without --transport.' });
  const says = `Read the file ${files.prompt} and do what it says.`;
  return { mode: terminal, start: { says, hook: join(files.folder, hookName) } };
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
  { conversation, hasTools }: { readonly conversation: Conversation | null; readonly hasTools: boolean },
): Promise<Reach> {
  if (account !== null) return accounts.profile({ agent, account, conversation });
  // One of a profile is not in the user's own directory.
  return { ...(await accounts.phantom({ agent, pool, attempt: id, hasTools })), holds: conversation?.account === null };
}
