import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { attemptOf, buildJob, labelFrom } from '../../../test/job-builder.ts';
import { asAttemptId } from '../ids.ts';
import { Problem } from '../problem.ts';
import { minuteMs } from '../time.ts';
import type { Attempt, AttemptOutcome, Job, JobState } from './job.ts';
import { hasEnded } from './state.ts';
import { transition } from './transition.ts';
import { openQuestion, shownQuestion, untold } from './question.ts';
import type { JobEvent } from './job-event.ts';
import { nothingSpent } from './stop.ts';

const now = 1_000_000;
const first = asAttemptId('job1.1');
const park = { reason: 'limit', dueAt: now + 5000, estimated: false, detail: 'a/b five_hour' } as const;
const on = { agent: 'claude', model: 'opus', pool: labelFrom('anthropic'), account: null };
const conversation = { agent: 'claude', session: 's1', account: null };
const running: JobState = { kind: 'running', attempt: first };
const done: AttemptOutcome = { kind: 'done', result: 'ok' };
const failed = (failure: Extract<AttemptOutcome, { kind: 'failed' }>['failure']): AttemptOutcome => {
  return { kind: 'failed', failure, detail: 'said so', until: null };
};
const ended = (outcome: AttemptOutcome): JobEvent => ({ kind: 'ended', attempt: first, exitCode: 0, outcome });
const stopping = (kind: 'cancelled' | 'queued' | 'parked'): JobState => {
  const next =
    kind === 'parked'
      ? ({ kind, ...park } as const)
      : kind === 'queued'
        ? ({ kind, why: 'a limit' } as const)
        : { kind };
  return { kind: 'stopping', attempt: first, next, since: now };
};
const asked: JobState = { kind: 'waiting', attempt: first, question: 'May it?', since: now };
const onTerminal: JobState = { ...asked, on: 'terminal' };
const states: Record<JobState['kind'], JobState> = {
  queued: { kind: 'queued', notBefore: null, why: null },
  starting: { kind: 'starting', attempt: first },
  running,
  parked: { kind: 'parked', ...park, since: now },
  waiting: { kind: 'waiting', attempt: null, question: 'Which?', since: now },
  stopping: stopping('queued'),
  done: { kind: 'done', at: now, result: 'ok' },
  failed: { kind: 'failed', at: now, failure: 'task', detail: 'no' },
  blocked: { kind: 'blocked', at: now, failure: 'window', detail: 'no' },
  cancelled: { kind: 'cancelled', at: now },
};
const events: readonly JobEvent[] = [
  { kind: 'dispatched', on },
  { kind: 'spawned', attempt: first, pid: 7, birth: 'b' },
  { kind: 'conversation', conversation },
  { kind: 'turn-completed', attempt: first },
  { kind: 'finished', attempt: first, result: 'all of it' },
  { kind: 'asked', attempt: null, question: 'Which?' },
  { kind: 'asked', attempt: first, question: 'Which?' },
  { kind: 'answered', answer: 'That.' },
  { kind: 'switch', attempt: first, why: 'a limit' },
  { kind: 'park', park },
  { kind: 'unpark', because: 'due', says: 'It is open.' },
  { kind: 'unpark', because: 'asked', says: 'Go on.' },
  ended(done),
  ended({ kind: 'stopped', why: 'killed' }),
  ...(['window', 'crash', 'task', 'disk-full', 'overload'] as const).map((each) => ended(failed(each))),
  { kind: 'cancel' },
  { kind: 'retry', anew: false },
  { kind: 'retry', anew: true },
  { kind: 'block', detail: 'its directory is gone' },
  { kind: 'warned', attempt: first, warnings: [{ by: 'turns', detail: 'Soon.' }], spent: nothingSpent },
  { kind: 'stop', attempt: first, met: { by: 'turns', detail: 'Met.' } },
  { kind: 'stop', attempt: null, met: { by: 'budget', detail: 'Met.' } },
  { kind: 'wrap-up-skipped' },
  { kind: 'reported', attempt: first, report: 'half of it' },
  { kind: 'answer-told', attempt: first, question: 'Which?' },
  { kind: 'asked', attempt: first, question: 'May it?', on: 'terminal' },
  { kind: 'going', attempt: first },
  { kind: 'answer-lost', attempt: first },
];

describe('a job that is', () => {
  const rows: [JobState, JobEvent, JobState['kind'], string[]][] = [
    [states.queued, { kind: 'dispatched', on }, 'starting', ['spawn']],
    [states.queued, { kind: 'park', park }, 'parked', []],
    [states.queued, { kind: 'cancel' }, 'cancelled', ['ended']],
    [states.queued, { kind: 'block', detail: 'gone' }, 'blocked', ['ended']],
    [states.queued, { kind: 'asked', attempt: null, question: 'Go on?' }, 'waiting', []],
    [states.starting, { kind: 'spawned', attempt: first, pid: 7, birth: 'b' }, 'running', []],
    [states.starting, ended(failed('launch')), 'blocked', ['ended']],
    [states.starting, { kind: 'cancel' }, 'stopping', ['kill']],
    [running, ended(done), 'done', ['ended']],
    [running, ended(failed('task')), 'failed', ['ended']],
    [running, { kind: 'finished', attempt: first, result: 'all of it' }, 'running', []],
    [running, ended(failed('window')), 'queued', []],
    [running, ended(failed('crash')), 'queued', []],
    [running, ended(failed('disk-full')), 'parked', []],
    [running, ended({ kind: 'stopped', why: 'killed' }), 'queued', []],
    [running, { kind: 'switch', attempt: first, why: 'a limit' }, 'stopping', ['kill']],
    [running, { kind: 'park', park }, 'stopping', ['kill']],
    [running, { kind: 'asked', attempt: first, question: 'Which?' }, 'waiting', []],
    [running, { kind: 'cancel' }, 'stopping', ['kill']],
    [running, { kind: 'reported', attempt: first, report: 'half' }, 'running', []],
    [running, { kind: 'asked', attempt: first, question: 'May it?', on: 'terminal' }, 'waiting', []],
    [onTerminal, { kind: 'answered', answer: 'It may.' }, 'running', ['type']],
    [onTerminal, { kind: 'going', attempt: first }, 'running', []],
    [onTerminal, ended(done), 'done', ['ended']],
    [onTerminal, { kind: 'cancel' }, 'stopping', ['kill']],
    [onTerminal, ended({ kind: 'stopped', why: 'its terminal is gone' }), 'queued', []],
    [asked, { kind: 'answered', answer: 'That.' }, 'running', []],
    [states.parked, { kind: 'unpark', because: 'due', says: 'Open.' }, 'queued', []],
    [states.parked, { kind: 'park', park: { ...park, dueAt: now + 9000 } }, 'parked', []],
    [states.parked, { kind: 'cancel' }, 'cancelled', ['ended']],
    [states.waiting, { kind: 'answered', answer: 'That.' }, 'queued', []],
    [stopping('queued'), ended(failed('window')), 'queued', []],
    [stopping('parked'), ended(failed('window')), 'parked', []],
    [stopping('queued'), ended(done), 'done', ['ended']],
    [stopping('parked'), ended(done), 'done', ['ended']],
    [stopping('cancelled'), ended(done), 'cancelled', ['ended']],
    [stopping('queued'), { kind: 'cancel' }, 'stopping', []],
    [stopping('queued'), { kind: 'spawned', attempt: first, pid: 7, birth: 'b' }, 'stopping', []],
    [states.failed, { kind: 'retry', anew: false }, 'queued', []],
    [states.blocked, { kind: 'retry', anew: true }, 'queued', []],
    [states.cancelled, { kind: 'retry', anew: false }, 'queued', []],
  ];
  test.each(rows)('%j and meets %j becomes %s', (state, event, kind, effects) => {
    const next = meet(buildJob({ state, attempts: 1 }), event);
    if (next instanceof Problem) throw next;
    expect(next.job.state.kind).toBe(kind);
    expect(next.effects.map((each) => each.kind)).toEqual(effects as never);
    expect(next.job.fence).toBe(1);
  });

  test.each([
    ['cancelled', ended(done)],
    ['done', ended(done)],
    ['done', { kind: 'cancel' }],
    ['failed', { kind: 'cancel' }],
    ['running', { kind: 'dispatched', on }],
    ['running', { kind: 'going', attempt: first }],
    ['waiting', { kind: 'going', attempt: first }],
    ['running', { kind: 'unpark', because: 'due', says: '' }],
    ['parked', ended(done)],
    ['done', { kind: 'park', park }],
    ['queued', { kind: 'answered', answer: 'x' }],
    ['running', { kind: 'retry', anew: true }],
    ['running', { kind: 'block', detail: 'x' }],
    ['running', { kind: 'switch', attempt: asAttemptId('job1.9'), why: 'late' }],
    ['running', { ...ended(done), attempt: asAttemptId('job1.9') }],
    ['running', { kind: 'reported', attempt: asAttemptId('job1.9'), report: 'late' }],
    ['done', { kind: 'reported', attempt: first, report: 'late' }],
    ['done', { kind: 'finished', attempt: first, result: 'late' }],
  ] as [JobState['kind'], JobEvent][])('%s refuses %j', (kind, event) => {
    expect(meet(buildJob({ state: states[kind], attempts: 1 }), event)).toMatchObject({ code: 'conflict' });
  });
});

test('a job whose terminal was lost is not blamed for it, and is told of it', () => {
  const next = meet(buildJob({ state: running, attempts: 1, conversation }), ended({ kind: 'stopped', why: 'lost' }));
  if (next instanceof Problem) throw next;
  expect(next.job).toMatchObject({ restarts: { crashes: 0, resumes: 1 }, handover: { kind: 'resume', says: 'lost' } });
});

describe('an answer that is typed into a terminal', () => {
  const itMay: JobEvent = { kind: 'answered', answer: 'It may.' };
  const lost: JobEvent = { kind: 'answer-lost', attempt: first };
  const going: JobEvent = { kind: 'going', attempt: first };
  const answered = after(buildJob({ state: onTerminal, attempts: 1, conversation }), itMay);
  const all = (met: readonly JobEvent[]): Job => met.reduce((job, event) => after(job, event), answered);

  test('is typed, and is its agent’s as soon as that goes on', () => {
    const next = meet(buildJob({ state: onTerminal, attempts: 1 }), itMay);
    expect(next).toMatchObject({ effects: [{ kind: 'type', attempt: first, text: 'It may.' }] });
    expect(after(answered, going).state).toEqual(running);
    expect(meet(after(answered, going), going)).toMatchObject({ code: 'conflict' });
  });

  test.each([
    ['ended', ended(failed('crash')), []],
    ['was parked', { kind: 'park', park }, [ended({ kind: 'stopped', why: 'parked' })]],
  ] as [string, JobEvent, JobEvent[]][])(
    'is told to the next attempt where its agent %s before it went on',
    (_, event, more) => {
      expect(untold(all([event, ...more]))).toMatchObject([{ question: 'May it?', answer: 'It may.' }]);
      expect(untold(all([going, event, ...more]))).toEqual([]);
    },
  );

  test('and is a choice in a dialog is not told to an agent that has not got that dialog', () => {
    const dialog = after(buildJob({ state: { ...onTerminal, yes: '1' }, attempts: 1 }), { ...itMay, answer: 'yes' });
    expect(untold(after(dialog, ended(failed('crash'))))).toEqual([]);
  });

  test('leaves its job waiting where it could not be typed, with the question and that', () => {
    const waiting = after(answered, lost);
    expect(waiting.state).toMatchObject({ kind: 'waiting', question: 'May it?', on: 'terminal' });
    const shown = 'Your answer could not be typed into its terminal. It still asks: May it?';
    expect(shownQuestion(waiting)).toBe(shown);
    expect(shownQuestion(after(after(waiting, itMay), lost))).toBe(shown);
    const own: Job = { ...answered, asked: [{ question: 'May it?', at: now, answer: 'It may.', after: 1 }] };
    expect(after(own, lost).asked).toEqual([{ question: 'May it?', at: now, answer: null }]);
  });

  test('is not asked for again by what was asked before a restart, only by what is asked after it', () => {
    const question: JobEvent = { kind: 'asked', attempt: first, question: 'May it?', on: 'terminal' };
    expect(meet(answered, { ...question, again: true })).toMatchObject({ code: 'conflict' });
    expect(after(answered, question).state.kind).toBe('waiting');
    expect(after(answered, { ...question, question: 'And that?', again: true }).state.kind).toBe('waiting');
  });
});

describe('a job that a person has parked', () => {
  const parked = buildJob({ state: { kind: 'parked', ...park, reason: 'user', dueAt: null, since: now } });
  test.each<JobEvent>([
    { kind: 'unpark', because: 'due', says: '' },
    { kind: 'unpark', because: 'freed', says: '' },
    { kind: 'park', park },
  ])('is left alone by %j, which was decided before', (event) => {
    expect(meet(parked, event)).toMatchObject({ code: 'conflict' });
  });

  test('goes on when asked', () => {
    expect(after(parked, { kind: 'unpark', because: 'asked', says: '' }).state.kind).toBe('queued');
  });
});

describe('the budget', () => {
  const due = { kind: 'unpark', because: 'due', says: 'Open.' } as const;
  test('of resumes is five in a row; a completed turn gives it back, and so does a person', () => {
    let job = buildJob({ state: states.parked, attempts: 1, conversation });
    for (let count = 1; count <= 5; count += 1) {
      job = after(job, due);
      expect(job).toMatchObject({ state: { kind: 'queued' }, restarts: { resumes: count } });
      // It was resumed, and meets a limit again.
      job = after({ ...job, state: stopping('parked') }, ended(failed('window')));
    }
    expect(after(job, due).state).toMatchObject({ kind: 'blocked', failure: 'window' });
    expect(after(job, { ...due, because: 'asked' }).restarts.resumes).toBe(0);
    const served = after({ ...job, state: running }, { kind: 'turn-completed', attempt: first });
    expect(served.restarts.resumes).toBe(0);
  });

  test('of resumes is not spent by one that was closed again before it was started', () => {
    let job = buildJob({ state: states.parked, attempts: 1, conversation });
    for (let count = 1; count <= 9; count += 1) job = after(after(job, due), { kind: 'park', park });
    expect(job).toMatchObject({ state: { kind: 'parked' }, restarts: { resumes: 0 } });
    // One that ran into a limit, was parked and is resumed was resumed once.
    const limited = after({ ...job, state: running }, ended(failed('window')));
    expect(after(after(limited, { kind: 'park', park }), due).restarts.resumes).toBe(1);
  });

  test('of resumes is spent by switches, too', () => {
    let job = buildJob({ attempts: 1, conversation });
    for (let count = 1; count <= 5; count += 1) {
      job = after({ ...job, state: stopping('queued') }, ended(failed('window')));
      expect(job).toMatchObject({ state: { kind: 'queued' }, restarts: { resumes: count } });
    }
    const last = after({ ...job, state: stopping('queued') }, ended(failed('window')));
    expect(last.state).toMatchObject({ kind: 'blocked', failure: 'window' });
  });

  test('of crashes is three within half an hour, later each time', () => {
    let job = buildJob({ state: running, attempts: 1 });
    const waits: unknown[] = [];
    for (const at of [0, 1, 2, 3]) {
      const next = meet({ ...job, state: running }, ended(failed('crash')), now + at * minuteMs);
      if (next instanceof Problem) throw next;
      job = next.job;
      waits.push('notBefore' in job.state ? (job.state.notBefore ?? 0) - now - at * minuteMs : job.state.kind);
    }
    expect(waits).toEqual([30_000, 60_000, 120_000, 'blocked']);
    expect(job).toMatchObject({
      state: { failure: 'crash', detail: 'it ended 4 times within 19m 40s (crash): said so' },
      watched: { last: { rule: 'crash-loop', facts: { crashes: 3, since: 0 } } },
    });
    const later = meet({ ...job, state: running }, ended(failed('crash')), now + 31 * minuteMs);
    expect(later).toMatchObject({ job: { state: { kind: 'queued' }, restarts: { crashes: 1 } } });
  });
});

test('a job goes on with its conversation, where it has one', () => {
  const switched = after(buildJob({ state: stopping('queued'), attempts: 1, conversation }), ended(failed('window')));
  expect(switched.handover).toEqual({ kind: 'resume', says: 'a limit' });
  const alone = after(buildJob({ state: stopping('queued'), attempts: 1 }), ended(failed('window')));
  expect(alone.handover).toEqual({ kind: 'restart', says: 'a limit' });
  const anew = after(buildJob({ state: states.failed, attempts: 1, conversation }), { kind: 'retry', anew: true });
  expect([anew.handover, anew.conversation]).toEqual([null, null]);
});

test('whatever happens, a job has one process at most, ends once, and is never done after a cancel', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(events.length - 1), { maxLength: 60 }), (choices) => {
      let job = buildJob();
      let cancelled = false;
      for (const [step, choice] of choices.entries()) {
        const present = attemptOf(job);
        const event = retarget(events[choice] as JobEvent, present ?? first);
        const next = meet(job, event, now + step * 1000);
        if (next instanceof Problem) continue;
        expect(next.job.fence).toBe(job.fence + 1);
        const spawns = next.effects.filter((each) => each.kind === 'spawn').length;
        expect(next.job.attempts).toBe(job.attempts + spawns);
        if (spawns > 0) expect(present).toBeNull();
        // A process is only ever left behind by its end.
        if (present !== null && attemptOf(next.job) !== present) expect(event.kind).toBe('ended');
        const ends = next.effects.filter((each) => each.kind === 'ended').length;
        const isOver = hasEnded(next.job) || next.job.state.kind === 'blocked';
        const wasOver = hasEnded(job) || job.state.kind === 'blocked';
        expect(ends).toBe(isOver && (!wasOver || event.kind === 'cancel') ? 1 : 0);
        if (event.kind === 'cancel') cancelled = true;
        if (event.kind === 'retry') cancelled = false;
        if (cancelled) expect(['cancelled', 'stopping']).toContain(next.job.state.kind);
        if (next.job.stopped !== null) expect(['blocked', 'failed']).not.toContain(next.job.state.kind);
        if (next.job.state.kind === 'blocked' || next.job.state.kind === 'failed')
          expect(next.job.state.detail.length).toBeGreaterThan(0);
        job = next.job;
      }
    }),
  );
});

function meet(job: Job, event: JobEvent, at: number = now): ReturnType<typeof transition> {
  const id = attemptOf(job);
  const attempt: Attempt | null =
    id === null
      ? null
      : {
          ...{ id, job: job.id, number: 1, ...on, pid: null, birth: null, startedAt: now },
          ...{ endedAt: null, exitCode: null, outcome: null, spent: nothingSpent, waitedMs: 0 },
        };
  return transition(job, event, { attempt, now: at });
}

function after(job: Job, event: JobEvent): Job {
  const next = meet(job, event);
  if (next instanceof Problem) throw next;
  return next.job;
}

function retarget(event: JobEvent, attempt: Attempt['id']): JobEvent {
  return 'attempt' in event && event.attempt !== null ? { ...event, attempt } : event;
}

describe('an agent that has said with a tool that it is finished', () => {
  const told = (more: Partial<Job['spec']> = {}): Job => {
    const job = buildJob({ state: running });
    const said: JobEvent = { kind: 'finished', attempt: first, result: 'all of it' };
    return after({ ...job, spec: { ...job.spec, ...more } }, said);
  };

  test.each([done, failed('window'), failed('crash')])('is done however its process ends', (outcome) => {
    expect(meet(told(), ended(outcome))).toMatchObject({
      job: { state: { kind: 'done', result: 'all of it' } },
      effects: [{ kind: 'ended' }],
    });
  });

  test('on a terminal is ended, and done then', () => {
    const job = told({ transport: 'tmux' });
    expect(job.state).toMatchObject({ kind: 'stopping', next: { kind: 'done' } });
    expect(after(job, ended({ kind: 'stopped', why: 'ended' })).state).toMatchObject({
      kind: 'done',
      result: 'all of it',
    });
  });

  test('and is cancelled then stays cancelled, and has not finished once it is retried', () => {
    const over = after(after(told(), { kind: 'cancel' }), ended(done));
    expect(over.state.kind).toBe('cancelled');
    expect(meet(over, { kind: 'finished', attempt: first, result: 'late' })).toBeInstanceOf(Problem);
    expect(after(over, { kind: 'retry', anew: false }).finished).toBeNull();
  });
});

describe('a question that an agent asks with a tool', () => {
  const ask = (question: string): JobEvent => ({ kind: 'asked', attempt: first, question });
  const asked = after(buildJob({ state: running, attempts: 1 }), ask('Which?'));
  const that: JobEvent = { kind: 'answered', answer: 'That.' };

  test('is kept with its answer', () => {
    expect(asked.asked).toEqual([{ question: 'Which?', at: now, answer: null }]);
    const answered = after(asked, that);
    expect(answered).toMatchObject({ state: running, asked: [{ question: 'Which?', answer: 'That.' }] });
    const tell = (question: string): JobEvent => ({ kind: 'answer-told', attempt: first, question });
    expect(untold(after(answered, tell('Which?')))).toEqual([]);
    expect(untold(after(answered, tell('And where?')))).toMatchObject([{ answer: 'That.' }]);
  });

  test('is the same one when it is asked again, and another one in other words', () => {
    const lost: Job = { ...asked, state: running };
    const again = meet(lost, ask('Which?'), now + 5000);
    if (again instanceof Problem) throw again;
    expect(again.job.state).toMatchObject({ kind: 'waiting', since: now });
    expect(again.job.asked).toHaveLength(1);
    expect(after(lost, ask('And where?')).asked).toHaveLength(2);
  });

  test('outlives the process that asked it, however that ended', () => {
    const left = after(asked, ended(failed('crash')));
    expect(left.state).toEqual({ kind: 'waiting', attempt: null, question: 'Which?', since: now, waitsFrom: now });
    expect(after(left, that)).toMatchObject({
      state: { kind: 'queued' },
      asked: [{ answer: 'That.' }],
    });
    expect(after(asked, ended(failed('task'))).state.kind).toBe('failed');
    const waits = after(asked, ended(done));
    expect(waits.state).toEqual({ kind: 'waiting', attempt: null, question: 'Which?', since: now });
    const answered = after(waits, that);
    expect(answered).toMatchObject({ state: { kind: 'queued' }, handover: { kind: 'restart' } });
    expect(untold(answered)).toHaveLength(1);
  });

  test('is open no more once its agent says that it is finished', () => {
    const over = after(asked, { kind: 'finished', attempt: first, result: 'all' });
    const finished = after(over, ended(done));
    expect(finished).toMatchObject({ state: { kind: 'done', result: 'all' }, asked: [] });
  });

  test('is answered wherever the job is, and its agent is told when it goes on', () => {
    const parked = after(after(asked, { kind: 'park', park }), ended(failed('crash')));
    expect(openQuestion(parked)).toBe('Which?');
    const answered = after(parked, that);
    expect(answered).toMatchObject({ state: { kind: 'parked' }, asked: [{ answer: 'That.' }] });
    expect(answered.changedAt).toBe(parked.changedAt);
    expect(openQuestion(answered)).toBeNull();
    expect(meet(answered, that)).toBeInstanceOf(Problem);
    expect(after({ ...asked, state: running }, that)).toMatchObject({ state: running, asked: [{ answer: 'That.' }] });
    expect(meet({ ...asked, state: { kind: 'starting', attempt: first } }, that)).toBeInstanceOf(Problem);
  });

  test('whose answer came when its agent had ended its turn is told in the next attempt', () => {
    const job = after(after(asked, that), ended(done));
    expect(job).toMatchObject({
      state: { kind: 'queued' },
      asked: [{ answer: 'That.' }],
      handover: { kind: 'restart' },
    });
  });

  test('of an agent on a terminal is answered there once its turn has ended', () => {
    const over = after(asked, { kind: 'finished', attempt: first, result: 'ok', by: 'turn' });
    expect(over).toMatchObject({ finished: null, state: { kind: 'waiting', question: 'Which?', on: 'terminal' } });
    const typed = meet(over, that);
    expect(typed).toMatchObject({
      job: { state: running, asked: [{ answer: 'That.' }] },
      effects: [{ kind: 'type', text: 'That.' }],
    });
    const late = meet(after(asked, that), { kind: 'finished', attempt: first, result: 'ok', by: 'turn' });
    expect(late).toMatchObject({
      job: { state: running, finished: null },
      effects: [{ kind: 'type', text: 'That.' }],
    });
    const talked = after(asked, { kind: 'asked', attempt: first, question: 'ok', on: 'terminal' });
    expect(talked.state).toMatchObject({ kind: 'waiting', question: 'Which?', on: 'terminal' });
  });

  test('is asked anew in a job that begins from the beginning, and only there', () => {
    const over = after(after({ ...asked, report: 'half of it' }, { kind: 'cancel' }), ended(done));
    expect(after(over, { kind: 'retry', anew: true })).toMatchObject({ asked: [], report: null });
    expect(after(over, { kind: 'retry', anew: false })).toMatchObject({ asked: [{}], report: 'half of it' });
  });

  test('is one of the last twenty that are kept', () => {
    let job = asked;
    for (let number = 0; number < 25; number += 1) job = after({ ...job, state: running }, ask(`Question ${number}?`));
    expect(job.asked).toHaveLength(20);
    expect(job.asked.at(-1)?.question).toBe('Question 24?');
  });
});

describe('a question of Stint’s own, at a limit', () => {
  const asks = after(
    buildJob({ attempts: 1, conversation, state: { kind: 'queued', notBefore: null, why: 'used up' } }),
    {
      ...{ kind: 'asked', attempt: null, question: 'Shall it go on?' },
    },
  );
  const say = (answer: string): Job => after(asks, { kind: 'answered', answer });

  test.each(['no', ' N '])('that is answered with "%s" parks the job for its user', (answer) => {
    expect(say(answer)).toMatchObject({ state: { kind: 'parked', reason: 'user', dueAt: null } });
    expect(untold(say(answer))).toEqual([]);
  });

  test('that is answered lets the job go on, and what is more than a yes is told to its agent', () => {
    expect(say('yes').state.kind).toBe('queued');
    expect(untold(say('Yes'))).toEqual([]);
    const words = after(after(say('But leave the docs.'), { kind: 'park', park }), {
      ...{ kind: 'unpark', because: 'due', says: 'Open.' },
    });
    expect(untold(words)).toMatchObject([{ by: 'stint', answer: 'But leave the docs.' }]);
  });

  test('is no question of its agent once the job has gone on', () => {
    const resumed = after(after(asks, { kind: 'park', park: { ...park, reason: 'user' } }), {
      ...{ kind: 'unpark', because: 'asked', says: 'Go on.' },
    });
    expect(openQuestion(resumed)).toBeNull();
    expect(after(resumed, { kind: 'dispatched', on }).asked).toEqual([]);
  });
});

describe('what an agent was told as it began', () => {
  const answered: Job = buildJob({
    ...{ state: running, attempts: 2, asked: [{ question: 'Which?', at: now, answer: 'That.', after: 1 }] },
  });

  test('is known to it when a turn was completed, and is told again where it ended before that', () => {
    expect(untold(after(answered, { kind: 'turn-completed', attempt: first }))).toEqual([]);
    expect(untold(after(answered, ended(failed('crash'))))).toHaveLength(1);
  });

  test('is kept when the job is retried', () => {
    const over = after(after(answered, { kind: 'cancel' }), ended(failed('crash')));
    expect(untold(after(over, { kind: 'retry', anew: false }))).toHaveLength(1);
  });
});

describe('the time that a job waits for its user', () => {
  test('is none of its running where it is stopped while it waits', () => {
    const waiting = buildJob({ state: { ...onTerminal, since: now - 60_000 }, attempts: 1 });
    for (const event of [{ kind: 'park', park }, { kind: 'cancel' }] as JobEvent[])
      expect(meet(waiting, event)).toMatchObject({ attempt: { waitedMs: 60_000 } });
  });
});

describe('a dialog on a terminal', () => {
  const dialog = after(buildJob({ state: running }), {
    ...{ kind: 'asked', attempt: first, question: 'May it use Bash?', on: 'terminal', yes: '1' },
  });

  test.each([
    ['yes', '1'],
    [' Y ', '1'],
    ['3', '3'],
    ['no', '\u001b'],
    ['N', '\u001b'],
  ])('is answered with %j by a key, and not by what is chosen there', (answer, key) => {
    const next = meet(dialog, { kind: 'answered', answer });
    expect(next).toMatchObject({
      job: { state: { kind: 'running' } },
      effects: [{ kind: 'type', attempt: first, key }],
    });
  });

  test('gives way to what its agent waits for after it, and the wait goes on', () => {
    const interrupted: JobEvent = { kind: 'asked', attempt: first, question: 'Interrupted.', on: 'terminal' };
    const next = meet(dialog, interrupted, now + 5000);
    if (next instanceof Problem) throw next;
    expect(next.job.state).toEqual({
      ...{ kind: 'waiting', attempt: first, question: 'Interrupted.', on: 'terminal' },
      ...{ since: now + 5000, waitsFrom: now },
    });
    expect(meet(next.job, interrupted, now + 6000)).toMatchObject({ code: 'conflict' });
  });

  test.each(['no, do not do that', 'yes please', '10', ''])('takes no text such as %j', (answer) => {
    expect(meet(dialog, { kind: 'answered', answer })).toMatchObject({
      ...{ code: 'conflict', hint: expect.stringContaining('Answer yes, no, or the number') as string },
    });
  });
});

test('the model that its agent takes by itself is none of an agent that took it over', () => {
  const named = { kind: 'model', attempt: first, model: 'claude-opus-4-8' } as const;
  expect(after(buildJob({ state: running }), named).usualModel).toBe('claude-opus-4-8');
  const spec = { ...buildJob().spec, agent: 'gemini' };
  expect(meet(buildJob({ state: running, spec }), named)).toBeInstanceOf(Problem);
});
