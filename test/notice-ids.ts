import { tellAgain } from '../src/daemon/job-events.ts';
import type { SupervisorRig } from './supervisor-rig.ts';

/** The notices that people have been sent about the jobs as they are: the same id is the same notice. */
export function noticeIds({ supervisor }: Pick<SupervisorRig, 'supervisor'>): string[] {
  const jobs = supervisor.all();
  return tellAgain(jobs, Math.max(...jobs.map(({ changedAt }) => changedAt))).map(({ id }) => id);
}
