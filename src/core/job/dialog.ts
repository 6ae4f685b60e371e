import { Problem } from '../problem.ts';
import type { Job } from './job.ts';

/** The key that is this answer in a dialog; null for a text, which would be taken for whatever is chosen there. */
export function dialogKey(answer: string, yes: string): string | null {
  const choice = answer.trim();
  if (/^[1-9]$/.test(choice)) return choice;
  const word = yesOrNo(answer);
  if (word === 'yes') return yes;
  return word === 'no' ? escapeKey : null;
}

/** Null for an answer that is more than that. */
export function yesOrNo(answer: string): 'yes' | 'no' | null {
  const word = answer.trim().toLowerCase();
  if (word === 'yes' || word === 'y') return 'yes';
  return word === 'no' || word === 'n' ? 'no' : null;
}

const escapeKey = '\u001b';

export function noChoice({ id }: Pick<Job, 'id'>, answer: string): Problem {
  return new Problem(
    'conflict',
    `Job ${id} shows a dialog, and ${JSON.stringify(answer.slice(0, 40))} is no choice in it.`,
    {
      hint: `Answer yes, no, or the number of a choice; or type it there: stint job attach ${id}`,
    },
  );
}
