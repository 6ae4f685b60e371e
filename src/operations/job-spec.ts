import { isAbsolute } from 'node:path';
import { z } from 'zod';
import type { JobId, ProviderId } from '../core/ids.ts';
import type { Job, JobSpec } from '../core/job/job.ts';
import type { Transport } from '../core/job/transport.ts';
import { Problem } from '../core/problem.ts';
import { looksSecret, withoutSecrets } from '../core/secret-form.ts';
import { minuteMs, secondMs, type EpochMs } from '../core/time.ts';
import type { OperationContext } from './context.ts';
import { keyOf, parentOf, refuseBeyondParent, withinRights } from './job-parent.ts';
import { stopSpecOf, type StopWish } from './job-stop.ts';
import { quoted, requirePool } from './require.ts';

export const jobName = z.string().describe('Job, by its id or the beginning of it');

/** As an agent is given it: one that began with `-` would be an option of the agent's. */
export const modelName = z.string().trim().min(1).max(200).regex(/^[^-]/, 'named without a - at the beginning');

/** A text with at least one character that is no blank. */
export function someText(longest: number) {
  return z.string().min(1).max(longest).regex(/\S/, 'more than blanks');
}

/** What `job.add` is given. */
export type JobWish = {
  readonly prompt: string;
  readonly directory: string;
  readonly agent: string;
  readonly model?: string | undefined;
  readonly pool?: string | undefined;
  readonly title?: string | undefined;
  readonly priority: number;
  readonly dependsOn: readonly string[];
  readonly scheduleAt?: string | undefined;
  readonly repeat?: number | undefined;
  readonly models?: readonly string[] | undefined;
  readonly fallbackAgents: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly nice: number;
  readonly asks: boolean;
  readonly transport: Transport;
  readonly interactive: boolean;
  readonly key?: string | undefined;
} & StopWish;

/** The job that was added with this key before. A Problem where that was for something else. */
export function jobOfKey(context: OperationContext, { key, prompt, directory, agent }: JobWish): Job | undefined {
  const { jobs } = context;
  const known = key === undefined ? undefined : jobs.all().find(({ spec }) => spec.key === keyOf(context, key));
  if (known === undefined || key === undefined) return undefined;
  const { spec } = known;
  if (spec.prompt === prompt && spec.directory === directory && spec.agent === agent.trim().toLowerCase()) return known;
  throw new Problem('conflict', `Key ${quoted(key)} is of job ${known.id}, which was asked for otherwise.`, {
    hint: 'Use another key for another job.',
  });
}

/** Checks a wish and fills in what it leaves open. */
export function jobSpecOf(context: OperationContext, given: JobWish): JobSpec {
  const agent = requireWorker(context, given.agent);
  refuseSecrets(context, given);
  const parent = parentOf(context);
  const wish = parent === null ? given : withinRights(parent, given, agent.id);
  if (!isAbsolute(wish.directory))
    throw new Problem('invalid', 'directory must be an absolute path.', { hint: 'For example: --directory ~/project' });
  refuseNul(wish);
  const fallbacks = wish.fallbackAgents.map((each) => requireWorker(context, each).id);
  refuseTerminal(context, wish, [agent.id, ...fallbacks]);
  const dependsOn = [...new Set(wish.dependsOn.map((each) => requireReachable(context, each).id))];
  if (parent !== null) refuseBeyondParent(context, parent, dependsOn);
  return {
    title: withoutSecrets(wish.title ?? titleOf(wish.prompt)),
    prompt: wish.prompt,
    ...{ agent: agent.id, model: wish.model ?? null, pool: poolOf(context, wish), directory: wish.directory },
    priority: wish.priority,
    dependsOn,
    scheduleAt: scheduleOf(context, wish),
    repeatMs: wish.repeat === undefined ? null : wish.repeat * secondMs,
    ladder: { models: wish.models ?? null, agents: fallbacks },
    ...{ environment: wish.environment, args: wish.args, nice: wish.nice, asks: wish.asks },
    stop: stopSpecOf(context, wish, [agent.id, ...fallbacks]),
    ...{ transport: wish.transport, interactive: wish.interactive, parent: parent?.id ?? null },
    ...(wish.key === undefined ? {} : { key: keyOf(context, wish.key) }),
  };
}

function refuseTerminal(
  { jobs }: OperationContext,
  { transport, interactive, completion }: JobWish,
  agents: readonly string[],
): void {
  if (interactive && completion)
    throw new Problem(
      'invalid',
      'A job that you talk with waits for you when a turn ends, and with completion it would go on by itself.',
      { hint: 'Leave out interactive, or completion.' },
    );
  if (interactive && transport === 'pipe')
    throw new Problem('invalid', 'A job that you want to talk with needs a terminal.', {
      hint: 'Add --transport tmux, or --transport pty',
    });
  const obstacle = transport === 'pipe' ? null : jobs.terminalObstacle({ agents, transport, interactive });
  if (obstacle !== null) throw obstacle;
}

/** The job of that id, or the only one whose id begins so. */
export function requireJob(context: OperationContext, name: string): Job {
  const text = name.trim().toLowerCase();
  const found = text === '' ? [] : context.jobs.all().filter((each) => each.id.startsWith(text));
  const exact = found.find((each) => each.id === (text as JobId)) ?? (found.length === 1 ? found[0] : undefined);
  if (exact !== undefined) return exact;
  if (found.length > 1)
    throw new Problem('conflict', `${quoted(name)} is the beginning of ${found.length} jobs.`, {
      hint: 'Give more of its id.',
    });
  throw new Problem('not_found', `There is no job ${quoted(name)}.`, { hint: 'See: stint job list' });
}

/** A job that may still be done. */
function requireReachable(context: OperationContext, name: string): Job {
  const job = requireJob(context, name);
  const { kind } = job.state;
  if (kind !== 'failed' && kind !== 'cancelled') return job;
  const was = kind === 'failed' ? 'has failed' : 'was cancelled';
  throw new Problem('conflict', `Job ${job.id} ${was}: what depends on it would never start.`, {
    hint: `Let it go on first: stint job retry ${job.id}`,
  });
}

/** Arguments can be read by everybody on the machine; what a chat or a model is told is kept by others. */
function refuseSecrets({ caller }: OperationContext, { args, environment }: JobWish): void {
  if (args.some(looksSecret))
    throw new Problem('invalid', 'One of args looks like a secret, and arguments can be read by every program.', {
      hint: 'Give it in the environment: stint job add --help',
    });
  if (caller.surface !== 'mcp' && caller.surface !== 'telegram') return;
  const name = Object.keys(environment).find((each) => looksSecret(environment[each] ?? ''));
  if (name === undefined) return;
  throw new Problem('invalid', `The value of ${name} looks like a secret, which must not pass a chat or a model.`, {
    hint: 'Add this job on the computer, in a terminal.',
  });
}

/** No program can be given one. */
function refuseNul({ directory, model, args, environment }: JobWish): void {
  const texts = [...Object.entries({ directory, model: model ?? '' }), ...args.map((each) => ['args', each] as const)];
  const found = [...texts, ...Object.entries(environment)].find(([, text]) => text.includes('\0'));
  if (found === undefined) return;
  throw new Problem('invalid', `${found[0]} holds a NUL character, which no program can be given.`, {
    hint: 'Leave it out; a prompt may hold anything.',
  });
}

/** An agent that Stint knows, or one of the config. */
export function requireWorker({ jobs }: OperationContext, name: string): { id: string; provider: ProviderId | null } {
  const id = name.trim().toLowerCase();
  const provider = jobs.agents.get(id);
  if (provider !== undefined) return { id, provider };
  throw new Problem('invalid', `${quoted(name)} is not an agent that Stint knows.`, {
    hint: `Use one of: ${[...jobs.agents.keys()].join(', ')}`,
  });
}

export function poolOf(context: OperationContext, wish: Pick<JobWish, 'agent' | 'pool'>): JobSpec['pool'] {
  if (wish.pool === undefined) return null;
  const agent = requireWorker(context, wish.agent);
  const { pool } = requirePool(context, wish.pool);
  if (pool.provider === agent.provider) return pool.name;
  throw new Problem(
    'invalid',
    `Pool ${pool.name} is of ${pool.provider}; ${agent.id} needs ${agent.provider === null ? 'none' : `one of ${agent.provider}`}.`,
    { hint: 'See: stint pool list' },
  );
}

/** One that repeats may have begun in the past: its times are counted from there. */
function scheduleOf({ clock }: OperationContext, { scheduleAt, repeat }: JobWish): EpochMs | null {
  if (scheduleAt === undefined) return null;
  const at = /^\d{12,14}$/.test(scheduleAt.trim()) ? Number(scheduleAt) : Date.parse(scheduleAt);
  if (!Number.isFinite(at))
    throw new Problem('invalid', `${quoted(scheduleAt)} is no time.`, { hint: 'For example: 2026-11-23T07:00:00Z' });
  if (repeat === undefined && at < clock() - minuteMs)
    throw new Problem('invalid', `scheduleAt is in the past: ${new Date(at).toISOString()}.`, {
      hint: 'Leave it out to start the job as soon as there is room.',
    });
  return at;
}

const longestTitle = 80;

function titleOf(prompt: string): string {
  const line = prompt.trim().split('\n')[0]?.replaceAll(/\s+/g, ' ') ?? '';
  return line.length > longestTitle ? `${line.slice(0, longestTitle - 1)}…` : line;
}
