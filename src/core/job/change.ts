import { Problem } from '../problem.ts';
import type { EpochMs } from '../time.ts';
import type { Handover, Job, JobState } from './job.ts';
import type { JobEvent } from './job-event.ts';

export function queue(notBefore: EpochMs | null, why: string | null): JobState {
  return { kind: 'queued', notBefore, why };
}

/** With the conversation where there is one, else from the beginning; one that is to save its work is told that alone. */
export function goingOn({ conversation, stopped, handover }: Job, says: string): { readonly handover: Handover } {
  if (stopped !== null && handover !== null) return { handover };
  return { handover: { kind: conversation === null ? 'restart' : 'resume', says } };
}

export function changed(job: Job, { now }: { readonly now: EpochMs }, more: Partial<Job>): Job {
  return { ...job, ...more, changedAt: now, fence: job.fence + 1 };
}

export function misfit(job: Job, { kind }: Pick<JobEvent, 'kind'>): Problem {
  return new Problem(
    'conflict',
    `Job ${job.id} is ${job.state.kind}: it cannot ${asWanted[kind] ?? `take "${kind}"`}.`,
    {
      hint: `See: stint job show ${job.id}`,
    },
  );
}

/** Events that people ask for, in their words. */
const asWanted: Readonly<Partial<Record<JobEvent['kind'], string>>> = {
  answered: 'be answered',
  asked: 'ask its user',
  cancel: 'be cancelled',
  park: 'be parked',
  reported: 'report',
  retry: 'be retried',
  unpark: 'be resumed',
};
