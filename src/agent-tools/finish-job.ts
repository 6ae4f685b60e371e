import { z } from 'zod';
import { hasEnded } from '../core/job/state.ts';
import { Problem } from '../core/problem.ts';
import { agentTool } from './tool.ts';

const longest = 100_000;

export const finishJob = agentTool({
  name: 'finish_job',
  title: 'Say that the task is finished',
  description:
    'Say that the task of this job is finished, with its result for the person and the jobs that wait for it. Call it once, at the end, then stop. A second call replaces the result.',
  effect: 'write',
  input: z.object({ result: z.string().max(longest).describe('What was done, and what came out') }),
  output: z.object({
    finished: z.boolean().describe('Whether the result was taken'),
    says: z.string().describe('What to do next'),
  }),
  async run({ result }, { jobs, job, attempt }) {
    const told = await jobs.tell(job.id, { kind: 'finished', attempt, result });
    if (!(told instanceof Problem)) return { finished: true, says: 'The result is kept. End your turn now.' };
    const now = jobs.find(job.id);
    // It does not fit where the job is; anything else is to be told.
    if (told.code !== 'conflict' || now === undefined) throw told;
    const where = hasEnded(now) ? `has ended already (${now.state.kind})` : 'is being ended';
    return { finished: false, says: `This job ${where}, and nothing was changed. End your turn now.` };
  },
});
