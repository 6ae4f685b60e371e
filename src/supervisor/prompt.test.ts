import { describe, expect, test } from 'bun:test';
import { buildJob } from '../../test/job-builder.ts';
import type { Job } from '../core/job/job.ts';
import { Problem } from '../core/problem.ts';
import { transition } from '../core/job/transition.ts';
import { promptFor } from './prompt.ts';

test.each([null, { agent: 'claude', session: 's1', account: null }])(
  'an answer that was given without a process is told once to the next attempt, with the conversation %j',
  (conversation) => {
    const asks = buildJob({
      state: { kind: 'waiting', attempt: null, question: 'Which?', since: 1 },
      ...{ attempts: 1, conversation },
    });
    const next = transition(asks, { kind: 'answered', answer: 'The second.' }, { attempt: null, now: 2 });
    if (next instanceof Problem) throw next;
    expect(promptFor(next.job, null).match(/The second\./g)).toHaveLength(1);
  },
);

describe('answers in a prompt', () => {
  const own = { question: 'Which?', at: 1, answer: 'The second.', after: 1 } as const;
  const told = { ...own, question: 'And where?', answer: 'Here.', isTold: true } as const;
  const allowed = {
    question: 'Shall it go on?',
    at: 1,
    answer: 'Yes, but not the docs.',
    after: 1,
    by: 'stint',
  } as const;
  const asked = [own, told, allowed, { ...allowed, answer: 'yes', isTold: true }, { ...own, answer: null }] as const;
  const promptOf = (handover: Job['handover']): string => promptFor(buildJob({ asked, handover }), null);

  test('that its agent does not know yet go on with the conversation', () => {
    const prompt = promptOf({ kind: 'resume', says: 'A limit has ended.' });
    expect(prompt).toContain('You asked: Which?\n\nThe answer to your question: The second.');
    expect(prompt).toContain('Your user was asked: Shall it go on?\n\nTheir answer: Yes, but not the docs.');
    expect(prompt).not.toContain('Here.');
  });

  test.each(['restart', 'handover'] as const)('are all told to who knows nothing of it: %s', (kind) => {
    const prompt = promptOf({ kind, says: 'It was closed.' });
    for (const { answer } of [own, told, allowed]) expect(prompt).toContain(answer);
    expect(prompt).not.toContain('Their answer: yes');
  });

  test('of a user who was asked before the first attempt are told to that', () => {
    expect(promptOf(null)).toContain('Yes, but not the docs.');
  });
});
