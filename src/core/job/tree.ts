import type { JobId } from '../ids.ts';
import type { Job } from './job.ts';
import { hasEnded } from './state.ts';

/** Jobs make jobs with a tool: a tree begins with the job that a person has added. */
type Find = (id: JobId) => Job | undefined;

/** A tree has at most so many generations, the first job included. */
export const mostGenerations = 5;
/** Of a tree's jobs at most so many live at once, the first job not counted. */
export const mostLiving = 50;

/** The job itself, its parent, and so on; one whose parent is forgotten is the last. */
export function lineageOf(job: Job, find: Find): readonly Job[] {
  const lineage: Job[] = [];
  for (let next: Job | undefined = job; next !== undefined && !lineage.includes(next);) {
    lineage.push(next);
    next = next.spec.parent === null ? undefined : find(next.spec.parent);
  }
  return lineage;
}

export function rootOf(job: Job, find: Find): JobId {
  return (lineageOf(job, find).at(-1) ?? job).id;
}

/** All jobs of the tree that a job belongs to. */
export function treeOf(job: Job, all: readonly Job[]): readonly Job[] {
  const byId = new Map(all.map((each) => [each.id, each]));
  const find: Find = (id) => byId.get(id);
  const root = rootOf(job, find);
  return all.filter((each) => rootOf(each, find) === root);
}

/** Why a job may have no more children, in one sentence; null where it may. */
export function whyNoMore(job: Job, all: readonly Job[]): string | null {
  const byId = new Map(all.map((each) => [each.id, each]));
  const lineage = lineageOf(job, (id) => byId.get(id));
  if (lineage.length >= mostGenerations)
    return `Job ${job.id} is of generation ${lineage.length}, and ${mostGenerations} is the last.`;
  const root = lineage.at(-1)?.id;
  const living = treeOf(job, all).filter((each) => each.id !== root && !hasEnded(each)).length;
  return living < mostLiving ? null : `${living} jobs of this tree live already, and no more than ${mostLiving} may.`;
}
