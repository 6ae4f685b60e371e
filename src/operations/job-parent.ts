import type { JobId } from '../core/ids.ts';
import { circleOf, circleText } from '../core/job/circle.ts';
import type { Job } from '../core/job/job.ts';
import { hasEnded } from '../core/job/state.ts';
import { lineageOf, rootOf, whyNoMore } from '../core/job/tree.ts';
import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';

/** What the agent of a job asks for, as far as its own job is concerned. */
type Wish = {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly key?: string | undefined;
};

/** The job whose agent adds one; null where that is a person. Throws a Problem where it is gone. */
export function parentOf({ caller, jobs }: OperationContext): Job | null {
  if (caller.job === undefined) return null;
  const parent = jobs.all().find(({ id }) => id === caller.job);
  if (parent !== undefined) return parent;
  throw new Problem('conflict', `Job ${caller.job} is gone.`, { hint: 'See: stint job list' });
}

/** Keys of agents are of their own tree: none finds a job of somebody else's. */
export function keyOf<Key extends string | undefined>(context: OperationContext, key: Key): Key | string {
  const parent = parentOf(context);
  return key === undefined || parent === null ? key : `${rootOf(parent, finderOf(context))}/${key}`;
}

/** Throws a Problem where a job's agent may add no more, or no such one. */
export function refuseBeyondParent(context: OperationContext, parent: Job, dependsOn: readonly JobId[]): void {
  const why = whyNoMore(parent, context.jobs.all());
  if (why !== null) throw new Problem('conflict', why, { hint: 'Do this part of the work yourself.' });
  const find = finderOf(context);
  const needs = (id: JobId): readonly JobId[] => {
    const job = find(id);
    return job?.state.kind === 'queued' ? job.spec.dependsOn : [];
  };
  for (const { id } of lineageOf(parent, find).filter((each) => !hasEnded(each))) {
    const [, first, ...rest] = circleOf(id, dependsOn, needs) ?? [];
    if (first === undefined) continue;
    const because = rest.length === 0 ? '' : `: ${circleText([first, ...rest])}`;
    throw new Problem('conflict', `A job that depends on job ${first} would start when yours has ended${because}.`, {
      hint: 'Leave that out of dependsOn.',
    });
  }
}

/**
 * With what the agent's own job was given: an agent may not raise its rights by those of another that it starts, and an
 * argument or a variable can switch every guard off.
 */
export function withinRights<Given extends Wish>({ spec }: Job, wish: Given, agent: string): Given {
  const own = spec.agent === agent ? spec.args : [];
  if (wish.args.length > 0 && wish.args.join('\0') !== own.join('\0'))
    throw new Problem('forbidden', 'The agent of a job may not choose the arguments of another one.', {
      hint: own.length === 0 ? 'Leave args out.' : 'Leave args out: the new job gets those of yours.',
    });
  const name = Object.keys(wish.environment).find(
    (each) => steers.test(each) && wish.environment[each] !== spec.environment[each],
  );
  if (name !== undefined)
    throw new Problem('forbidden', `The agent of a job may not choose ${name} for another one.`, {
      hint: `Leave ${name} out of environment: the new job gets what yours was given.`,
    });
  return { ...wish, args: own, environment: { ...spec.environment, ...wish.environment } };
}

/** Names by which programs find code, settings, logins and guards. */
const steers =
  /^(PATH|HOME|SHELL|IFS|ENV|BASH_ENV|IS_SANDBOX|PYTHON.*|PERL.*|RUBY.*|NODE_.*|BUN_.*|LD_.*|DYLD_.*|GIT_.*|SSH_.*|XDG_.*|STINT_.*|CLAUDE.*|ANTHROPIC.*|CODEX.*|OPENAI.*|GEMINI.*|GOOGLE.*|SSL_.*|.*_PROXY|.*_CONFIG(_.*)?)$/i;

function finderOf({ jobs }: OperationContext): (id: Job['id']) => Job | undefined {
  const byId = new Map(jobs.all().map((each) => [each.id, each]));
  return (id) => byId.get(id);
}
