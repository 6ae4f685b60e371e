import { askUser } from './ask-user.ts';
import { createJob } from './create-job.ts';
import { finishJob } from './finish-job.ts';
import { checkFileLocks, lockFiles, releaseFiles } from './locks.ts';
import { notes } from './notes.ts';
import { quota } from './quota.ts';
import { reportStatus } from './report-status.ts';
import type { AgentTool } from './tool.ts';
import { waitForJobs } from './wait-for-jobs.ts';

/** Everything that the agent of a job can ask of Stint, in the order in which it is shown. */
export const agentTools: readonly AgentTool[] = [
  reportStatus,
  finishJob,
  askUser,
  createJob,
  waitForJobs,
  notes,
  lockFiles,
  releaseFiles,
  checkFileLocks,
  quota,
];
