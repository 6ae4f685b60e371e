import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { agentTool } from './tool.ts';

const longest = 2000;

export const reportStatus = agentTool({
  name: 'report_status',
  title: 'Tell how far you are',
  description:
    'Tell the person who watches this job how far you are, in a sentence or two. Call it at milestones; it asks for nothing and never waits.',
  effect: 'write',
  input: z.object({ status: z.string().min(1).max(longest).regex(/\S/).describe('How far you are') }),
  output: z.object({ reported: z.boolean() }),
  async run({ status }, { jobs, job, attempt }) {
    const told = await jobs.tell(job.id, { kind: 'reported', attempt, report: status.trim() });
    if (told instanceof Problem) throw told;
    return { reported: true };
  },
});
