import { asAttemptId, type JobId } from '../core/ids.ts';
import type { Job } from '../core/job/job.ts';
import { hasEnded } from '../core/job/transition.ts';
import { rootOf } from '../core/job/tree.ts';
import type { EpochMs } from '../core/time.ts';
import type { Processes } from './ports.ts';

/** The jobs that ended before a time, but those that another one still waits for: it would never start. */
export function forgettable(jobs: readonly Job[], before: EpochMs): readonly Job[] {
  const needed = new Set(jobs.filter((each) => !hasEnded(each)).flatMap(({ spec }) => spec.dependsOn));
  const stays = (each: Job): boolean => !hasEnded(each) || each.changedAt >= before || needed.has(each.id);
  const byId = new Map(jobs.map((each) => [each.id, each]));
  const root = (each: Job): JobId => rootOf(each, (id) => byId.get(id));
  // A tree goes as a whole, with what its jobs share.
  const kept = new Set(jobs.filter(stays).map(root));
  return jobs.filter((each) => !kept.has(root(each)));
}

/** Removes what the agents of a job were given and said. */
export async function forgetFiles(
  processes: Pick<Processes, 'forget'>,
  { id, attempts }: Pick<Job, 'id' | 'attempts'>,
): Promise<void> {
  for (let number = 1; number <= attempts; number += 1) await processes.forget(asAttemptId(`${id}.${number}`));
}
