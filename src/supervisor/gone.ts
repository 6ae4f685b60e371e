import type { AttemptId } from '../core/ids.ts';
import { attemptOf } from '../core/job/state.ts';
import type { JobBook } from './job-book.ts';
import type { Processes } from './ports.ts';

/** Attempts whose processes ended while nobody supervised them: the time since then is none of theirs. */
export async function findGone(
  book: Pick<JobBook, 'all' | 'attempt'>,
  processes: Pick<Processes, 'living'>,
): Promise<ReadonlySet<AttemptId>> {
  const attempts = [...book.all()].flatMap((job) => {
    const attempt = book.attempt(job.id);
    return attempt !== undefined && attempt.pid !== null && attemptOf(job) === attempt.id ? [attempt] : [];
  });
  const living = await Promise.all(
    // Who cannot be looked at may live.
    attempts.map((each) =>
      processes.living(each).then(
        ({ length }) => length > 0,
        () => true,
      ),
    ),
  );
  return new Set(attempts.filter((_, place) => living[place] === false).map(({ id }) => id));
}
