import { asAttemptId } from '../core/ids.ts';
import type { Job } from '../core/job/job.ts';
import { hasEnded } from '../core/job/transition.ts';
import type { EpochMs } from '../core/time.ts';
import type { Processes } from './ports.ts';

/** The jobs that ended before a time, but those that another one still waits for: it would never start. */
export function forgettable(jobs: readonly Job[], before: EpochMs): readonly Job[] {
  const needed = new Set(jobs.filter((each) => !hasEnded(each)).flatMap(({ spec }) => spec.dependsOn));
  return jobs.filter((each) => hasEnded(each) && each.changedAt < before && !needed.has(each.id));
}

/** Removes what the agents of a job were given and said. */
export async function forgetFiles(
  processes: Pick<Processes, 'forget'>,
  { id, attempts }: Pick<Job, 'id' | 'attempts'>,
): Promise<void> {
  for (let number = 1; number <= attempts; number += 1) await processes.forget(asAttemptId(`${id}.${number}`));
}
