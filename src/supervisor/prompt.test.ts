import { expect, test } from 'bun:test';
import { buildJob } from '../../test/job-builder.ts';
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
