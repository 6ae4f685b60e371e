import { asAttemptId, type JobId } from '../core/ids.ts';
import type { Job } from '../core/job/job.ts';
import { hasEnded } from '../core/job/state.ts';
import { lineageOf } from '../core/job/tree.ts';
import type { EpochMs } from '../core/time.ts';
import type { Processes } from './ports.ts';

/** The jobs that ended before a time, but those that another one still waits for: it would never start. */
export function forgettable(jobs: readonly Job[], before: EpochMs): readonly Job[] {
  const needed = new Set(jobs.filter((each) => !hasEnded(each)).flatMap(({ spec }) => spec.dependsOn));
  const stays = (each: Job): boolean => !hasEnded(each) || each.changedAt >= before || needed.has(each.id);
  const byId = new Map(jobs.map((each) => [each.id, each]));
  const tops = (each: Job): readonly JobId[] => topsOf(lineageOf(each, (id) => byId.get(id)));
  const kept = new Set(jobs.filter(stays).flatMap(tops));
  return jobs.filter((each) => !kept.has(tops(each)[0] ?? each.id));
}

/**
 * The jobs of a lineage with which something begins that goes as a whole, the nearest first: the tree, with what its jobs
 * share, and in it a run of what repeats, with the jobs that it has led to. Else the last run would keep all before it.
 */
function topsOf(lineage: readonly Job[]): readonly JobId[] {
  return lineage
    .filter(({ spec }, place) => spec.repeatMs !== null || place === lineage.length - 1)
    .map(({ id }) => id);
}

/** Removes what the agents of a job were given and said. */
export async function forgetFiles(
  processes: Pick<Processes, 'forget'>,
  { id, attempts }: Pick<Job, 'id' | 'attempts'>,
): Promise<void> {
  for (let number = 1; number <= attempts; number += 1) await processes.forget(asAttemptId(`${id}.${number}`));
}
