import { describe, expect, test } from 'bun:test';
import { buildJob, labelFrom } from '../../test/job-builder.ts';
import { asAttemptId } from '../core/ids.ts';
import type { Attempt, Job, JobState } from '../core/job/job.ts';
import { noStop, nothingSpent, type Spent, type StopSpec } from '../core/job/stop.ts';
import { minuteMs } from '../core/time.ts';
import { checkStops } from './stop-checks.ts';

const now = 100 * minuteMs;
const id = asAttemptId('job1.1');
const running: JobState = { kind: 'running', attempt: id };
const waiting = { kind: 'waiting', attempt: id, question: '?', since: 1 } as const;
const queued: JobState = { kind: 'queued', notBefore: null, why: null };
const startedAt = now - minuteMs;
const stopped = { by: 'turns', detail: 'It has reached its limit.', at: startedAt, words: null } as const;
const attempt: Attempt = {
  ...{ id, job: buildJob().id, number: 1, agent: 'claude', model: null, pool: labelFrom('work'), account: null },
  ...{ pid: 7, birth: 'b', startedAt, endedAt: null, exitCode: null, outcome: null, spent: nothingSpent, waitedMs: 0 },
};

type Case = {
  readonly stop?: Partial<StopSpec>;
  readonly state?: JobState;
  readonly job?: Partial<Job>;
  readonly counted?: Partial<Spent>;
  readonly spent?: Partial<Spent>;
  readonly finished?: boolean;
  readonly idle?: number;
};

function look({ stop = {}, state = running, job = {}, counted = {}, spent = {}, finished = false, idle = 0 }: Case) {
  const built = buildJob({ state, ...job });
  const progress = { ...built.progress, ...job.progress, counted: { ...nothingSpent, ...counted } };
  const jobs = [{ ...built, progress, spec: { ...built.spec, stop: { ...noStop, ...stop } } }];
  const present = { ...nothingSpent, ...spent };
  const attemptNow = { ...attempt, idle: { turns: idle, until: now } };
  return checkStops({ jobs, attempt: () => attemptNow, spent: () => present, hasFinished: () => finished, now });
}

describe('a look at the conditions of a job', () => {
  const warned = { ...buildJob().progress, warned: [{ by: 'time', detail: 'Soon.', at: 1 }] as const };
  test.each<[string, Case, string[], number | null]>([
    ['without any', { spent: { turns: 999 } }, [], null],
    ['far from its turns', { stop: { turns: 10 }, spent: { turns: 7 } }, [], null],
    ['near its turns', { stop: { turns: 10 }, counted: { turns: 3 }, spent: { turns: 5 } }, ['warned'], null],
    ['at its turns', { stop: { turns: 10 }, counted: { turns: 3 }, spent: { turns: 7 } }, ['stop'], null],
    [
      'at its turns with its last word',
      { stop: { turns: 10 }, spent: { turns: 10 }, finished: true },
      ['warned'],
      null,
    ],
    [
      'at its time with its last word',
      { stop: { timeMs: 9 }, spent: { runningMs: 9 }, finished: true },
      ['stop'],
      null,
    ],
    [
      'at its turns without a process, because it waits for its user',
      { stop: { turns: 10 }, counted: { turns: 10 }, state: { ...waiting, attempt: null } },
      ['stop'],
      null,
    ],
    ['far from its time', { stop: { timeMs: 100 }, spent: { runningMs: 30 } }, [], now + 50],
    ['near its time', { stop: { timeMs: 100 }, spent: { runningMs: 90 } }, ['warned'], now + 10],
    [
      'near its time, as its user knows',
      { stop: { timeMs: 100 }, spent: { runningMs: 90 }, job: { progress: warned } },
      [],
      now + 10,
    ],
    [
      'that waits for its user, whose time stands still',
      { stop: { timeMs: 9 }, spent: { runningMs: 3 }, state: waiting },
      [],
      null,
    ],
    [
      'that waits for its user, and goes on working',
      { stop: { turns: 5 }, spent: { turns: 4 }, state: waiting },
      ['warned'],
      null,
    ],
    [
      'that waits for its user, and goes on spending',
      { stop: { budget: 1 }, spent: { costUsd: 1 }, state: waiting },
      ['stop'],
      null,
    ],
    [
      'that waits for its user, and has said all',
      { stop: { turns: 1 }, spent: { turns: 1 }, state: waiting, finished: true },
      ['warned'],
      null,
    ],
    [
      'that waits for its user without a process',
      { stop: { turns: 1 }, spent: { turns: 1 }, state: { ...waiting, attempt: null } },
      [],
      null,
    ],
    ['that only waited in some of its turns', { stop: { turns: 5 }, spent: { turns: 5 }, idle: 2 }, [], null],
    [
      'that is being started',
      { stop: { turns: 1 }, spent: { turns: 1 }, state: { kind: 'starting', attempt: id } },
      [],
      null,
    ],
    [
      'that is being ended',
      {
        stop: { turns: 1 },
        spent: { turns: 1 },
        state: { kind: 'stopping', attempt: id, next: { kind: 'wrap-up' }, since: 1 },
      },
      [],
      null,
    ],
    [
      'that waits for another attempt, far from them',
      { stop: { turns: 2 }, counted: { turns: 1 }, state: queued },
      [],
      null,
    ],
    [
      'that waits for another attempt, at one',
      { stop: { turns: 2 }, counted: { turns: 2 }, state: queued },
      ['stop'],
      null,
    ],
    [
      'that waits for the attempt that saves its work',
      { stop: { turns: 2 }, counted: { turns: 2 }, state: queued, job: { stopped } },
      [],
      null,
    ],
    [
      'that saves its work',
      { stop: { turns: 2 }, spent: { turns: 99 }, job: { stopped } },
      [],
      startedAt + 2 * minuteMs,
    ],
    [
      'that has ended',
      { stop: { turns: 2 }, counted: { turns: 2 }, state: { kind: 'done', at: 1, result: '' } },
      [],
      null,
    ],
  ])('%s', (...[, given, kinds, nextAt]) => {
    const found = look(given);
    expect(found.events.map(({ event }) => event.kind as string)).toEqual(kinds);
    expect(found.nextAt).toBe(nextAt);
  });

  test('that takes longer than two minutes to save its work ends that', () => {
    const built = buildJob({ state: running, stopped });
    const at = (time: number) =>
      checkStops({
        ...{ jobs: [built], attempt: () => attempt, spent: () => nothingSpent, hasFinished: () => false, now: time },
      });
    expect(at(startedAt + 2 * minuteMs - 1)).toEqual({ events: [], nextAt: startedAt + 2 * minuteMs });
    expect(at(startedAt + 2 * minuteMs)).toMatchObject({
      events: [{ event: { kind: 'stop', attempt: id } }],
      nextAt: null,
    });
  });
});
