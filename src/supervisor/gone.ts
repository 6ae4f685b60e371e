import type { AttemptId } from '../core/ids.ts';
import type { JobBook } from './job-book.ts';
import type { Processes } from './ports.ts';

/** Attempts whose processes ended while nobody supervised them: the time since then is none of theirs. */
export async function findGone(
  book: Pick<JobBook, 'present'>,
  processes: Pick<Processes, 'living'>,
): Promise<ReadonlySet<AttemptId>> {
  const attempts = book.present().flatMap(({ attempt }) => (attempt.pid === null ? [] : [attempt]));
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
