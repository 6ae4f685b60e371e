import { z } from 'zod';
import type { Asked, Job } from '../core/job/job.ts';
import { Problem } from '../core/problem.ts';
import { patience } from './patience.ts';
import { agentTool, presentJob, type ToolCall } from './tool.ts';

const longest = 4000;

export const askUser = agentTool({
  name: 'ask_user',
  title: 'Ask the person',
  description:
    'Ask the person who gave this job, and wait for the answer. Use it only where you cannot go on without them. If nobody has answered after 100 seconds it returns answered=false: call it again with exactly the same question to wait on, or end your turn, and you are gone on with when it is answered. One question at a time; a question that was answered gets the same answer again, so use other words to ask anew.',
  effect: 'write',
  input: z.object({ question: z.string().min(1).max(longest).regex(/\S/).describe('One clear question') }),
  output: z.object({
    answered: z.boolean(),
    answer: z.string().nullable(),
    says: z.string().nullable().describe('What to do where nobody has answered yet'),
  }),
  async run(input, call) {
    const question = input.question.trim();
    using wait = patience(call.signal, call.waitMs);
    const { jobs, job, attempt } = call;
    const isStarted = ({ state }: Job): boolean => state.kind !== 'starting';
    await jobs.until(job.id, isStarted, wait.signal).catch(() => undefined);
    const before = presentJob(call);
    if (answerTo(before, question) === null) {
      await ask(call, before, question);
      const isOver = (each: Job): boolean => answerTo(each, question) !== null || !isAsked(each, question);
      await jobs.until(job.id, isOver, wait.signal).catch(() => undefined);
    }
    const answer = answerTo(presentJob(call), question)?.answer ?? null;
    if (answer === null) return { answered: false, answer: null, says: again };
    await jobs.tell(job.id, { kind: 'answer-told', attempt, question });
    return { answered: true, answer, says: null };
  },
});

const again =
  'Nobody has answered yet. Call ask_user again with exactly the same question to go on waiting (it is not asked twice), or end your turn: you are gone on with when somebody has answered.';

async function ask({ jobs, attempt }: ToolCall, job: Job, question: string): Promise<void> {
  const { state } = job;
  if (isAsked(job, question)) return;
  if (state.kind === 'waiting')
    throw new Problem('conflict', `Another question is open: ${state.question}`, {
      hint: 'Call ask_user with exactly that question first; one is asked at a time.',
    });
  const told = await jobs.tell(job.id, { kind: 'asked', attempt, question });
  // Two calls at once ask the same.
  const now = jobs.find(job.id);
  if (told instanceof Problem && (now === undefined || !isAsked(now, question))) throw told;
}

function isAsked({ state }: Job, question: string): boolean {
  return state.kind === 'waiting' && state.question === question;
}

function answerTo({ asked }: Job, question: string): Asked | null {
  return asked.findLast((each) => each.question === question && each.answer !== null) ?? null;
}
