import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { jobAdd } from '../operations/job.ts';
import { execute } from '../operations/operation.ts';
import { agentTool, presentJob } from './tool.ts';

export const createJob = agentTool({
  name: 'create_job',
  title: 'Create a job',
  description:
    'Give a part of the work to another agent, as a job of its own that runs beside you and survives limits. Say everything it has to know in the prompt: it sees nothing of your conversation. Then wait_for_jobs with the id in the answer. Directory, agent, model and pool are yours unless you say otherwise.',
  effect: 'write',
  // Every field of `job.add`: what is added there is here as well.
  input: z.object({
    ...jobAdd.input.shape,
    directory: z.string().optional().describe('Where it works, an absolute path; yours when absent'),
    agent: z.string().optional().describe('Agent, such as claude; yours when absent'),
  }),
  output: jobAdd.output,
  async run(input, call) {
    const { context } = call;
    const job = presentJob(call);
    if (job.state.kind === 'stopping' || job.stopped !== null)
      throw new Problem('conflict', `Job ${job.id} is being ended: it can create no other.`, {
        hint: 'Save your work.',
      });
    const { spec, id } = job;
    const isAlike = input.agent === undefined || input.agent.trim().toLowerCase() === spec.agent;
    // Model and pool of another agent would be none of its own.
    const own = isAlike ? { model: spec.model ?? undefined, pool: spec.pool ?? undefined } : {};
    const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
    const wish = { directory: spec.directory, agent: spec.agent, ...own, ...given };
    const caller = { surface: 'mcp', actor: `job:${id}`, scope: 'full', job: id } as const;
    return execute(jobAdd, wish, { ...context, caller });
  },
});
