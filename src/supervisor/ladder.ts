import type { JobId } from '../core/ids.ts';
import type { Attempt, Job, JobSpec } from '../core/job/job.ts';
import { resolveRung, rungsOf, type LadderAgent, type Resolved, type Rung } from '../core/job/ladder.ts';
import type { JobAgent } from './job-agent.ts';
import type { AccountPort } from './ports.ts';

/** What the ladder of a job is known from. */
export type Sought = {
  readonly spec: Pick<JobSpec, 'agent' | 'model' | 'pool' | 'ladder'>;
  readonly conversation: Job['conversation'];
  readonly usualModel?: Job['usualModel'];
  readonly id?: JobId;
  readonly stopped?: Job['stopped'];
};

export type LadderDeps = {
  readonly agents: ReadonlyMap<string, JobAgent>;
  readonly accounts: Pick<AccountPort, 'select' | 'defaultPool' | 'modeOf'>;
  /** The models that an agent's jobs go on with, best first; null for its own. */
  readonly chainOf?: (agent: string) => readonly string[] | null;
  /** The latest of a job. */
  readonly attempt: (job: JobId) => Attempt | undefined;
};

/** What a job would run on now. */
export function resolveFor(deps: LadderDeps, job: Sought): Resolved {
  const { agent } = job.spec;
  const session = job.conversation?.session ?? null;
  const ladder = ladderOf(deps, job);
  const usual = ladder[0]?.agent === agent ? ladder[0].pool : null;
  return resolveRung(wantedOf(deps, job), ladder, (name, asked) => {
    const model = asked ?? (name === usual ? (job.usualModel ?? null) : null);
    return deps.accounts.select({ pool: name, session, model, exclude: [] });
  });
}

/** All that it might ever run on, best first. */
export function rungsFor(deps: LadderDeps, job: Sought): readonly Omit<Rung, 'account'>[] {
  return rungsOf(wantedOf(deps, job), ladderOf(deps, job));
}

/** An agent that saves the work for another one goes on with the model that it had. */
function wantedOf({ attempt }: LadderDeps, job: Sought): Sought['spec'] {
  const holder = holderOf(job);
  if (holder === null || holder === job.spec.agent || job.id === undefined) return job.spec;
  return { ...job.spec, model: attempt(job.id)?.model ?? null };
}

function ladderOf({ agents, accounts, chainOf }: LadderDeps, job: Sought): LadderAgent[] {
  const { agent, pool, ladder } = job.spec;
  const holder = holderOf(job);
  const names = [agent, ...ladder.agents.filter((each) => each !== agent)].filter((each) => each === (holder ?? each));
  return names.flatMap((name, place) => {
    const found = agents.get(name);
    if (found === undefined) return [];
    const own = place === 0 && name === agent && pool !== null ? pool : accounts.defaultPool(name);
    const byProfile = accounts.modeOf(own) === 'profile';
    return [{ agent: name, pool: own, chain: chainOf?.(name) ?? found.mode.chain, byProfile }];
  });
}

/** Whoever had the conversation saves the work; null for a job that no condition has stopped. */
function holderOf({ spec, conversation, stopped = null }: Sought): string | null {
  return stopped === null ? null : (conversation?.agent ?? spec.agent);
}
