import type { Kysely, Transaction } from 'kysely';
import type { JobId } from '../core/ids.ts';
import type { Attempt, Job } from '../core/job/job.ts';
import { noProgress } from '../core/job/progress.ts';
import { noStop, nothingSpent } from '../core/job/stop.ts';
import type { Effect } from '../core/job/transition.ts';
import { neverWatched } from '../core/watch/action.ts';
import type { JobStore, OpenEffect } from '../supervisor/ports.ts';
import type { Tables } from './tables.ts';
import type { WriteQueue } from './write-queue.ts';

export function createJobStore(db: Kysely<Tables>, { write }: Pick<WriteQueue, 'write'>): JobStore {
  return {
    loadJobs: () =>
      db.transaction().execute(async (on) => {
        const jobs = await on.selectFrom('jobs').select('body').orderBy('addedAt').orderBy('id').execute();
        const attempts = await on.selectFrom('attempts').select('body').orderBy('job').orderBy('number').execute();
        const effects = await effectsOf(on);
        return {
          jobs: jobs.map(({ body }) => wholeJob(JSON.parse(body) as OldJob)),
          attempts: attempts.map(({ body }) => wholeAttempt(JSON.parse(body) as OldAttempt)),
          effects,
        };
      }),
    addJobs: (jobs) =>
      write(async (on) => {
        for (const job of jobs) await on.insertInto('jobs').values(jobRow(job)).execute();
      }),
    async saveTransition(before, { job, attempt, effects }) {
      const open = effects.map((effect, place) => ({ id: `${job.id}:${job.fence}:${place}`, job: job.id, effect }));
      let written = false;
      await write(async (on) => {
        const { id, ...row } = jobRow(job);
        const found = await on
          .updateTable('jobs')
          .set(row)
          .where('id', '=', id)
          .where('fence', '=', before.fence)
          .executeTakeFirst();
        written = found.numUpdatedRows > 0n;
        if (!written) return;
        if (attempt !== null) await saveAttempt(on, attempt);
        for (const [place, { effect, ...rest }] of open.entries()) {
          await on
            .insertInto('effects')
            .values({ ...rest, fence: job.fence, place, body: JSON.stringify(effect) })
            .execute();
        }
      });
      return written ? open : null;
    },
    openEffects: () => effectsOf(db),
    effectDone: (id) => write((on) => on.deleteFrom('effects').where('id', '=', id).execute()),
    async removeJobs(ids, before) {
      const removed: JobId[] = [];
      await write(async (on) => {
        removed.length = 0;
        for (const id of ids) {
          const gone = await on
            .deleteFrom('jobs')
            .where('id', '=', id)
            .where('changedAt', '<', before)
            // One that was let go on meanwhile is none.
            .where('state', 'in', ['done', 'failed', 'cancelled'])
            .executeTakeFirst();
          if (gone.numDeletedRows > 0n) removed.push(id);
        }
      });
      return removed;
    },
  };
}

async function effectsOf(on: Kysely<Tables> | Transaction<Tables>): Promise<readonly OpenEffect[]> {
  const rows = await on.selectFrom('effects').selectAll().orderBy('fence').orderBy('place').execute();
  return rows.map(({ id, job, body }) => ({ id, job, effect: JSON.parse(body) as Effect }));
}

type OldSpec = Partial<Job['spec']> & Omit<Job['spec'], keyof typeof laterSpec>;
type OldJob = Partial<Job> & Omit<Job, 'spec' | keyof typeof laterJob> & { readonly spec: OldSpec };
type OldAttempt = Partial<Attempt> & Omit<Attempt, 'spent' | 'waitedMs'>;

const laterSpec = { stop: noStop, transport: 'pipe', interactive: false, parent: null } as const;
const laterJob = {
  ...{ spent: nothingSpent, stopped: null, report: null, finished: null, progress: noProgress },
  asked: [],
  watched: neverWatched,
} as const;

/** One of before there were stop conditions, transports, what agents tell with tools and the watch has none of them. */
function wholeJob(job: OldJob): Job {
  return { ...laterJob, ...job, spec: { ...laterSpec, ...job.spec } };
}

function wholeAttempt(attempt: OldAttempt): Attempt {
  return { spent: nothingSpent, waitedMs: 0, ...attempt };
}

function jobRow(job: Job): Tables['jobs'] {
  const { id, state, fence, addedAt, changedAt } = job;
  return { id, state: state.kind, fence, addedAt, changedAt, body: JSON.stringify(job) };
}

async function saveAttempt(on: Transaction<Tables>, attempt: Attempt): Promise<void> {
  const { id, job, number } = attempt;
  const body = JSON.stringify(attempt);
  await on
    .insertInto('attempts')
    .values({ id, job, number, body })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ body }))
    .execute();
}
