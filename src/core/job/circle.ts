import type { JobId } from '../ids.ts';

/**
 * The circle that would close if a job began to wait for these others: who waits for whom, from `waiter` round to itself;
 * null where there is none. `waitsFor` names those whom a job waits for now.
 */
export function circleOf(
  waiter: JobId,
  others: readonly JobId[],
  waitsFor: (job: JobId) => readonly JobId[],
): readonly JobId[] | null {
  const seen = new Set<JobId>();
  const walk = (at: JobId, path: readonly JobId[]): readonly JobId[] | null => {
    if (at === waiter) return [...path, at];
    if (seen.has(at)) return null;
    seen.add(at);
    for (const next of waitsFor(at)) {
      const found = walk(next, [...path, at]);
      if (found !== null) return found;
    }
    return null;
  };
  for (const other of others) {
    const found = walk(other, [waiter]);
    if (found !== null) return found;
  }
  return null;
}

/** `job a waits for job b, job b waits for job a` */
export function circleText(circle: readonly JobId[]): string {
  return circle
    .slice(1)
    .map((each, index) => `job ${circle[index]} waits for job ${each}`)
    .join(', ');
}
