import { describe, expect, test } from 'bun:test';
import { attemptOf, buildJob, labelFrom } from '../../../test/job-builder.ts';
import { asAttemptId } from '../ids.ts';
import { Problem } from '../problem.ts';
import type { Attempt, AttemptOutcome, Job, JobState } from './job.ts';
import { mostContinued, runningMs } from './progress.ts';
import { noTokens } from '../spend/tokens.ts';
import { noStop, nothingSpent, type Stopped } from './stop.ts';
import { transition, type Transition } from './transition.ts';
import type { JobEvent } from './job-event.ts';

const now = 1_000_000;
const first = asAttemptId('job1.1');
const conversation = { agent: 'claude', session: 's1', account: null };
const running: JobState = { kind: 'running', attempt: first };
const met: Stopped = { by: 'turns', detail: 'It has reached its limit.', at: now, words: 'half of it' };
const attempt: Attempt = {
  ...{ id: first, job: buildJob().id, number: 1, agent: 'claude', model: null, pool: labelFrom('anthropic') },
  ...{ account: null, pid: 7, birth: 'b', startedAt: now - 5000, endedAt: null, exitCode: null, outcome: null },
  ...{ spent: nothingSpent, waitedMs: 0 },
};
const done: AttemptOutcome = { kind: 'done', result: 'ok' };
const crash: AttemptOutcome = { kind: 'failed', failure: 'crash', detail: 'killed', until: null };
const ended = (outcome: AttemptOutcome, more: object = {}): JobEvent => {
  return { kind: 'ended', attempt: first, exitCode: 1, outcome, ...more };
};
const jobIn = (state: JobState, more: Partial<Job> = {}): Job =>
  buildJob({ state, attempts: 1, conversation, ...more });
const wrapsUp: JobState = { kind: 'stopping', attempt: first, next: { kind: 'wrap-up' }, since: now };
const stopEvent = (of: Attempt['id'] | null = first): JobEvent => {
  return { kind: 'stop', attempt: of, met: { by: 'turns', detail: met.detail } };
};

function meet(job: Job, event: JobEvent, present: Attempt = attempt): Transition {
  const next = transition(job, event, { attempt: attemptOf(job) === null ? null : present, now });
  if (next instanceof Problem) throw next;
  return next;
}

describe('a turn in which an agent only waited', () => {
  const waited = (since: number, workedAt: number | null = null): JobEvent => {
    return { kind: 'only-waited', attempt: first, since, workedAt };
  };

  test('is spent, and counts towards no condition', () => {
    const { job, attempt: after } = meet(jobIn(running), waited(now - 100));
    expect(after?.idle).toEqual({ turns: 1, until: now });
    const spent = { ...nothingSpent, turns: 5 };
    expect(meet(job, ended(done, { spent }), after ?? attempt).job).toMatchObject({
      ...{ spent: { turns: 5 }, progress: { counted: { turns: 4 } } },
    });
  });

  test('is one, however many calls it has', () => {
    const idle = { turns: 1, until: now - 10 };
    expect(meet(jobIn(running), waited(now - 9), { ...attempt, idle }).attempt?.idle?.turns).toBe(2);
    const same = transition(jobIn(running), waited(now - 10), { attempt: { ...attempt, idle }, now });
    expect(same).toBeInstanceOf(Problem);
  });

  test('is none where it did anything else since it waited last, and the wait after that is one', () => {
    const { job, attempt: worked } = meet(jobIn(running), waited(now - 100, now - 100));
    expect(worked?.idle).toEqual({ turns: 0, until: now });
    const later = transition(job, waited(now + 5, now - 100), { attempt: worked, now: now + 9 }) as Transition;
    expect(later.attempt?.idle).toEqual({ turns: 1, until: now + 9 });
    const again = transition(later.job, waited(now + 15, now + 9), { attempt: later.attempt, now: now + 19 });
    expect((again as Transition).attempt?.idle?.turns).toBe(1);
  });
});

describe('what an agent that tells the cost of whole conversations has not told', () => {
  const spent = { ...nothingSpent, turns: 30, costUsd: null };
  const { job: owes } = meet(jobIn(running), ended(crash, { spent, toldLater: true }));
  const onAgent = (agent: string): JobEvent => {
    return { kind: 'dispatched', on: { agent, model: null, pool: labelFrom('anthropic'), account: null } };
  };
  const second = { ...attempt, id: asAttemptId('job1.2'), number: 2 };
  const later = (job: Job, of: Partial<Attempt['spent']>, session: string): Job => {
    const told = { session, tokens: noTokens };
    const end = { ...ended(done, { spent: { ...nothingSpent, ...of }, told }), attempt: second.id } as JobEvent;
    return meet(job, end, second).job;
  };

  test('is told by whoever goes on with the conversation', () => {
    const { job } = meet(owes, onAgent('claude'));
    expect(job).toMatchObject({ spent: { turns: 30, costUsd: 0 }, progress: { untold: 's1' } });
    const told = later(job, { costUsd: 2 }, 's1');
    expect(told).toMatchObject({ spent: { turns: 30, costUsd: 2 }, progress: { counted: { costUsd: 2 } } });
    expect(told.progress).not.toHaveProperty('untold');
  });

  test.each<[string, Job]>([
    ['another agent takes the job over', meet(owes, onAgent('gemini')).job],
    [
      'the conversation is lost',
      meet(meet(owes, onAgent('claude')).job, {
        kind: 'conversation',
        conversation: { ...conversation, session: 's2' },
      }).job,
    ],
  ])('is unknown for good where %s, and so is what counts for a budget', (_, job) => {
    const unknown = { costUsd: null, leastUsd: 0.02 };
    const told = later(job, { costUsd: 0.02 }, 's2');
    expect(told).toMatchObject({ spent: { ...unknown, turns: 30 }, progress: { counted: unknown } });
    expect(told.progress).not.toHaveProperty('untold');
  });

  test('is unknown for good where the job is begun anew, and counts for none of its conditions then', () => {
    const cancelled = meet(owes, { kind: 'cancel' }).job;
    const { job } = meet(cancelled, { kind: 'retry', anew: true });
    expect(job).toMatchObject({ spent: { costUsd: null }, progress: { counted: { costUsd: 0 } } });
    expect(job.progress).not.toHaveProperty('untold');
    expect(meet(cancelled, { kind: 'retry', anew: false }).job.progress).toMatchObject({ untold: 's1' });
  });
});

describe('a job whose condition is met', () => {
  test('writes that down before its process is ended', () => {
    const { job, effects } = meet(jobIn(running), stopEvent());
    expect(job).toMatchObject({ state: { kind: 'stopping', next: { kind: 'wrap-up' } }, stopped: { by: 'turns' } });
    expect(effects).toEqual([{ kind: 'kill', attempt: first }]);
  });

  test('while it waits for its next attempt saves its work in that', () => {
    const { job, effects } = meet(jobIn({ kind: 'queued', notBefore: now + 5, why: 'crashed' }), stopEvent(null));
    expect(job).toMatchObject({
      state: { kind: 'queued', notBefore: null },
      stopped: { by: 'turns' },
      handover: { kind: 'resume', says: expect.stringContaining('Save your work now') as string },
    });
    expect(effects).toEqual([]);
  });

  test('while it waits for its user without a process saves its work too, and its question is open no more', () => {
    const { job } = meet(jobIn({ kind: 'waiting', attempt: null, question: 'Which?', since: now }), stopEvent(null));
    expect(job).toMatchObject({ state: { kind: 'queued' }, stopped: { by: 'turns' }, handover: { kind: 'resume' } });
  });

  test('before it has a conversation is done', () => {
    const queued = jobIn({ kind: 'queued', notBefore: null, why: null }, { conversation: null });
    expect(meet(queued, stopEvent(null)).job.state).toEqual({ kind: 'done', at: now, result: met.detail });
  });

  test.each<[string, Job, JobEvent, Partial<Record<'kind' | 'result', string>>, boolean]>([
    ['crashed as it was ended', jobIn(wrapsUp, { stopped: met }), ended(crash), { kind: 'queued' }, true],
    ['finished as it was ended', jobIn(wrapsUp, { stopped: met }), ended(done), { kind: 'done', result: 'ok' }, false],
    [
      'said with a tool that it is finished as it was ended',
      jobIn(wrapsUp, { stopped: met, finished: 'all of it' }),
      ended(crash),
      { kind: 'done', result: 'all of it' },
      false,
    ],
    [
      'ended its turn as it was ended, which is not the end of its job',
      jobIn(wrapsUp, { stopped: met, spec: { ...buildJob().spec, stop: { ...noStop, completion: true } } }),
      ended(done),
      { kind: 'queued' },
      true,
    ],
    [
      'has saved its work',
      jobIn(running, { stopped: met }),
      ended(done),
      { kind: 'done', result: `${met.detail}\n\nok` },
      true,
    ],
    [
      'has not saved its work',
      jobIn(running, { stopped: met }),
      ended(crash),
      { kind: 'done', result: `${met.detail}\n\nhalf of it` },
      true,
    ],
    [
      'finds nothing open',
      jobIn({ kind: 'queued', notBefore: null, why: null }, { stopped: met }),
      { kind: 'wrap-up-skipped' },
      { kind: 'done', result: `${met.detail}\n\nhalf of it` },
      true,
    ],
    [
      'has a limit while it saves its work',
      jobIn(running, { stopped: met }),
      { kind: 'switch', attempt: first, why: 'a limit' },
      { kind: 'stopping' },
      true,
    ],
    ['takes too long to save its work', jobIn(running, { stopped: met }), stopEvent(), { kind: 'stopping' }, true],
    ['is cancelled', jobIn(wrapsUp, { stopped: met }), { kind: 'cancel' }, { kind: 'stopping' }, true],
  ])('and that %s', (...[, job, event, state, isStopped]) => {
    const next = meet(job, event).job;
    expect(next.state).toMatchObject(state as object);
    expect(next.stopped !== null).toBe(isStopped);
  });

  test('is ended on purpose: its attempt has not failed', () => {
    expect(meet(jobIn(wrapsUp, { stopped: met }), ended(crash)).attempt?.outcome).toEqual({
      ...{ kind: 'stopped', why: met.detail },
    });
  });

  test('keeps what it is told to do when it is parked and goes on', () => {
    const handover = { kind: 'resume', says: 'Save your work.' } as const;
    const park = { reason: 'user', dueAt: null, estimated: false, detail: 'lunch' } as const;
    const parked = jobIn({ kind: 'parked', ...park, since: now }, { stopped: met, handover });
    expect(meet(parked, { kind: 'unpark', because: 'asked', says: 'Go on.' }).job.handover).toEqual(handover);
  });

  test.each([
    ['twice', jobIn(wrapsUp, { stopped: met }), stopEvent()],
    ['when it is over', jobIn({ kind: 'done', at: now, result: '' }), stopEvent()],
    ['of an attempt of before', jobIn(running), stopEvent(asAttemptId('job1.9'))],
    ['while it runs, as one that waits', jobIn(running), stopEvent(null)],
    ['and had nothing to save', jobIn({ kind: 'queued', notBefore: null, why: null }), { kind: 'wrap-up-skipped' }],
  ] as [string, Job, JobEvent][])('is not stopped %s', (_, job, event) => {
    expect(transition(job, event, { attempt, now })).toMatchObject({ code: 'conflict' });
  });
});

describe('what an attempt has spent', () => {
  const spent = { ...nothingSpent, turns: 3, inputTokens: 50, costUsd: 0.5 };

  test('is the job’s once it has ended, and how long it ran', () => {
    const next = meet(
      jobIn(running, { spent, progress: { ...buildJob().progress, counted: spent } }),
      ended(done, { spent }),
    );
    const total = { turns: 6, inputTokens: 100, costUsd: 1, runningMs: 5000 };
    expect(next.attempt?.spent).toEqual({ ...spent, runningMs: 5000 });
    expect([next.job.spent, next.job.progress.counted]).toMatchObject([total, total]);
  });

  test('ends when its process ended, where that is known', () => {
    expect(meet(jobIn(running), ended(crash, { at: now - 2000 })).job.spent.runningMs).toBe(3000);
    expect(meet(jobIn(running), ended(crash, { at: now + 9000 })).job.spent.runningMs).toBe(5000);
  });

  test.each<[string, JobState, Partial<Attempt>, number]>([
    ['runs', running, {}, 5000],
    ['waits for its user', { kind: 'waiting', attempt: first, question: '?', since: now - 2000 }, {}, 3000],
    ['has waited for its user', running, { waitedMs: 1500 }, 3500],
    ['was never spawned', { kind: 'starting', attempt: first }, { pid: null }, 0],
    ['began later than the clock says', running, { startedAt: now + 9 }, 0],
  ])('counts the time of one that %s', (...[, state, more, expected]) => {
    expect(runningMs(jobIn(state), { ...attempt, ...more }, now)).toBe(expected);
  });

  test('does not count what it waited for an answer', () => {
    const waiting: JobState = { kind: 'waiting', attempt: first, question: '?', since: now - 2000 };
    expect(meet(jobIn(waiting), { kind: 'answered', answer: 'yes' }).attempt?.waitedMs).toBe(2000);
  });

  test('and what its user was warned of is written down together, once', () => {
    const warning = { by: 'turns', detail: 'Soon.' } as const;
    const event: JobEvent = { kind: 'warned', attempt: first, warnings: [warning], spent };
    const next = meet(jobIn(running), event);
    expect(next).toMatchObject({ job: { progress: { warned: [{ ...warning, at: now }] } }, attempt: { spent } });
    expect(transition(next.job, event, { attempt, now })).toMatchObject({ code: 'conflict' });
  });
});

describe('a job that its agent has to call finished', () => {
  const spec = { ...buildJob().spec, stop: { ...noStop, completion: true } };
  const ends = (continued: number): Job =>
    meet(jobIn(running, { spec, progress: { ...buildJob().progress, continued } }), ended(done)).job;

  test('goes on when a turn ends, so many times, and then is stopped by that', () => {
    expect(ends(0)).toMatchObject({
      ...{ state: { kind: 'queued', notBefore: null }, progress: { continued: 1 }, stopped: null },
      handover: { kind: 'resume', says: expect.stringContaining('without finish_job') as string },
    });
    expect(ends(mostContinued - 1).state.kind).toBe('queued');
    expect(ends(mostContinued)).toMatchObject({
      state: { kind: 'done', result: 'Its agent has ended its turn 51 times without finish_job.\n\nok' },
      stopped: { by: 'completion' },
    });
  });

  test('is done once it has', () => {
    expect(meet(jobIn(running, { spec, finished: 'all of it' }), ended(done)).job).toMatchObject({
      ...{ state: { kind: 'done', result: 'all of it' }, stopped: null },
    });
  });
});

test('a job that is retried gets its conditions afresh, or it would be stopped at once by what it has spent', () => {
  const warned = [{ by: 'turns', detail: 'Soon.', at: 1 }] as const;
  const progress = { counted: { ...nothingSpent, turns: 5 }, warned, continued: 3, told: null };
  const spent = { ...nothingSpent, turns: 5 };
  const stopped = jobIn({ kind: 'done', at: now, result: '' }, { stopped: met, progress, spent });
  expect(meet(stopped, { kind: 'retry', anew: false }).job).toMatchObject({
    ...{ stopped: null, spent: { turns: 5 } },
    progress: { counted: { turns: 0 }, warned: [], continued: 0 },
    handover: { kind: 'resume', says: 'You were stopped, and are asked to go on.' },
  });
  const failed = jobIn({ kind: 'failed', at: now, failure: 'task', detail: 'no' }, { progress });
  expect(meet(failed, { kind: 'retry', anew: false }).job.progress).toMatchObject({
    counted: { turns: 0 },
    warned: [],
  });
});
