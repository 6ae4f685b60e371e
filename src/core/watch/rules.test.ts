import { describe, expect, test } from 'bun:test';
import { captured as now } from '../../../test/builders.ts';
import { minuteMs, secondMs } from '../time.ts';
import { afterResult, contentLoop, noRepeats } from './content-loop.ts';
import { afterLook, dead, noMisses, type Look } from './dead.ts';
import { disk } from './disk.ts';
import { idle, type IdleFacts } from './idle.ts';
import { limitedAndStuck, type LimitedFacts } from './limited-stuck.ts';
import { toolsLost } from './mcp-lost.ts';
import { nextStep, type StepFacts } from './next-step.ts';
import { idleMs } from './numbers.ts';
import { orphan } from './orphan.ts';

const ago = (ms: number): number => now - ms;

describe('an agent without a sign of life', () => {
  const facts = (more: Partial<IdleFacts> = {}): IdleFacts => ({
    ...{ startedAt: ago(60 * minuteMs), seenSince: ago(60 * minuteMs), lineAt: null, requestAt: null, toolAt: null },
    ...{ answeredAt: null, waitsFor: null, running: null, limitMs: idleMs, ...more },
  });

  test.each([
    ['startedAt', { startedAt: ago(20 * minuteMs - 1) }],
    ['its last line', { lineAt: ago(20 * minuteMs - 1) }],
    ['its last request', { requestAt: ago(20 * minuteMs - 1) }],
    ['its last call of a tool', { toolAt: ago(20 * minuteMs - 1) }],
    ['the answer that it had waited for', { answeredAt: ago(20 * minuteMs - 1) }],
    ['since when it could be seen', { seenSince: ago(20 * minuteMs - 1) }],
  ])('is idle after 20 minutes, counted from %s', (_, more) => {
    expect(idle(facts(more), now)).toBeNull();
    expect(idle(facts(more), now + 1)).toMatchObject({ rule: 'idle', deed: 'resume' });
  });

  test.each(['user', 'jobs', 'answer', 'unknown'] as const)('that waits for %s is not idle', (waitsFor) => {
    expect(idle(facts({ waitsFor }), now)).toBeNull();
  });

  test('is never idle where the setting is 0, and sooner or later where it is another', () => {
    expect(idle(facts({ limitMs: 0 }), now)).toBeNull();
    expect(idle(facts({ limitMs: 60 * minuteMs + 1 }), now)).toBeNull();
    expect(idle(facts({ limitMs: 60 * minuteMs }), now)).toEqual({
      ...{ rule: 'idle', deed: 'resume', why: 'it said nothing, asked its provider nothing and used no tool for 1h' },
      says: expect.stringContaining('nothing was heard of you for 1h') as string,
      facts: {
        ...{ startedAt: ago(60 * minuteMs), seenSince: ago(60 * minuteMs), lineAt: null, requestAt: null },
        ...{ toolAt: null, answeredAt: null, limitMs: 60 * minuteMs, tool: null, toolBegunAt: null },
      },
    });
  });

  test('is given an hour while its tool is at work, or longer where the setting says so, and is told the truth', () => {
    const begunAt = ago(65 * minuteMs);
    const long = { startedAt: 0, seenSince: 0, lineAt: ago(60 * minuteMs), running: { name: 'Bash', begunAt } };
    expect(idle(facts({ ...long, lineAt: ago(60 * minuteMs - 1) }), now)).toBeNull();
    expect(idle(facts({ ...long, limitMs: 60 * minuteMs + 1 }), now)).toBeNull();
    expect(idle(facts(long), now)).toMatchObject({
      ...{ rule: 'idle', deed: 'resume', facts: { tool: 'Bash', toolBegunAt: begunAt, limitMs: 60 * minuteMs } },
      why: 'its tool Bash has run for 1h 5m, and nothing was heard of it for 1h',
      says: expect.stringContaining('for 1h, while your tool Bash ran') as string,
    });
  });
});

test('an agent that lost Stint’s tools is resumed after two minutes, unless it has found them again or never used them', () => {
  const facts = { seenSince: 0, toolAt: ago(5 * minuteMs), lostAt: ago(2 * minuteMs - 1) };
  expect(toolsLost(facts, now)).toBeNull();
  expect(toolsLost(facts, now + 1)).toMatchObject({ rule: 'mcp-lost', deed: 'resume' });
  expect(toolsLost({ ...facts, toolAt: ago(1) }, now + 1)).toBeNull();
  expect(toolsLost({ ...facts, toolAt: null }, now + 1)).toBeNull();
  expect(toolsLost({ ...facts, lostAt: null }, now + 1)).toBeNull();
  expect(toolsLost({ ...facts, seenSince: ago(minuteMs) }, now + 1)).toBeNull();
});

describe('an agent that sits out a limit', () => {
  const facts: LimitedFacts = {
    ...{ seenSince: 0, limitedAt: ago(3 * minuteMs), limit: 'session limit', isClosed: true, isHeld: false },
  };

  test('is moved after three minutes', () => {
    expect(limitedAndStuck(facts, now - 1)).toBeNull();
    expect(limitedAndStuck(facts, now)).toMatchObject({
      ...{ rule: 'limited-stuck', deed: 'resume' },
      why: 'a limit stopped it, and it has not moved for 3m (session limit)',
    });
  });

  test.each<[string, Partial<LimitedFacts>]>([
    ['has moved since', { limitedAt: null }],
    ['has no second witness', { isClosed: false }],
    ['has a witness that cannot tell', { isClosed: null }],
    ['is held by the gateway', { isHeld: true }],
    ['was not seen all the time', { seenSince: ago(1) }],
  ])('is left alone where it %s', (_, more) => {
    expect(limitedAndStuck({ ...facts, ...more }, now)).toBeNull();
  });
});

describe('a process', () => {
  const after = (...looks: readonly [Look, number][]) =>
    looks.reduce((misses, [look, at]) => afterLook(misses, look, now + at), noMisses);

  test.each<[string, readonly [Look, number][], boolean]>([
    ['was missed once', [['none', 0]], false],
    [
      'was missed twice, five seconds apart',
      [
        ['none', 0],
        ['none', 5 * secondMs],
      ],
      true,
    ],
    [
      'was missed twice within five seconds',
      [
        ['none', 0],
        ['none', 5 * secondMs - 1],
      ],
      false,
    ],
    [
      'was missed twice, and seen in between',
      [
        ['none', 0],
        ['alive', 5000],
        ['none', 10_000],
      ],
      false,
    ],
    [
      'was missed twice, and nobody could tell in between',
      [
        ['none', 0],
        ['unknown', 5000],
        ['none', 10_000],
      ],
      true,
    ],
    [
      'could not be looked for at all',
      [
        ['unknown', 0],
        ['unknown', 5000],
        ['unknown', 10_000],
      ],
      false,
    ],
  ])('that %s is dead: %#', (_, looks, isDead) => {
    expect(dead(after(...looks), now + 10_000)?.deed ?? null).toBe(isDead ? 'conclude' : null);
  });
});

test('a process of no job is ended once it was alone for five seconds, of this home only, and never while its job has it', () => {
  const facts = {
    attempt: 'job1.1',
    pids: [7, 8],
    aloneSince: ago(5 * secondMs),
    isOfThisHome: true,
    isPresent: false,
  };
  expect(orphan(facts, now - 1)).toBeNull();
  expect(orphan(facts, now)).toMatchObject({ rule: 'orphan', deed: 'end', facts: { pids: '7 8' } });
  expect(orphan({ ...facts, isOfThisHome: false }, now)).toBeNull();
  expect(orphan({ ...facts, isPresent: true }, now)).toBeNull();
  expect(orphan({ ...facts, pids: [] }, now)).toBeNull();
});

describe('a job without a next step', () => {
  const facts: StepFacts = {
    ...{ state: 'starting', changedAt: ago(minuteMs), hasAttempt: true, openEffects: 0, isUnderWay: false },
    ...{ isFollowed: false, readyAt: null, lookedAt: 0 },
  };
  const due: StepFacts = { ...facts, state: 'parked', hasAttempt: false, readyAt: ago(minuteMs) };

  test.each<[string, StepFacts, 'again' | 'look']>([
    ['has a process and no listener', facts, 'again'],
    ['has an effect that nobody does', { ...facts, isFollowed: true, openEffects: 1 }, 'again'],
    ['is to be ended, and nobody does', { ...facts, state: 'stopping', isFollowed: true }, 'again'],
    [
      'has ended, and what that entails is open',
      { ...facts, state: 'done', hasAttempt: false, openEffects: 1 },
      'again',
    ],
    ['was due, and nobody looked', due, 'look'],
  ])('gets one after a minute where it %s', (_, stranded, deed) => {
    expect(nextStep(stranded, now - 1)).toBeNull();
    expect(nextStep(stranded, now)).toMatchObject({ rule: 'next-step', deed });
  });

  test.each<[string, StepFacts]>([
    ['is worked on', { ...facts, openEffects: 1, isUnderWay: true }],
    ['is followed', { ...facts, isFollowed: true }],
    ['has no attempt and nothing open', { ...facts, hasAttempt: false }],
    ['was looked at since it was due', { ...due, lookedAt: ago(minuteMs) }],
    ['is not due', { ...due, readyAt: now + 1 }],
  ])('is none that %s', (_, other) => {
    expect(nextStep(other, now)).toBeNull();
  });
});

describe('the disk', () => {
  const mb = 1_000_000;
  test.each<[number | null, boolean, string | null]>([
    [500 * mb, false, null],
    [500 * mb - 1, false, 'warn'],
    [100 * mb, false, 'warn'],
    [100 * mb - 1, false, 'pause'],
    [100 * mb, true, null],
    [120 * mb - 1, true, null],
    [120 * mb, true, 'go-on'],
    [null, false, null],
    [null, true, null],
  ])('with %p bytes, paused %p: %p', (freeBytes, isPaused, deed) => {
    expect(disk({ freeBytes, isPaused, warnedAt: null }, now)?.deed ?? null).toBe(deed as never);
  });

  test('is told of once a day', () => {
    const low = { freeBytes: 400 * mb, isPaused: false };
    expect(disk({ ...low, warnedAt: ago(24 * 60 * minuteMs - 1) }, now)).toBeNull();
    expect(disk({ ...low, warnedAt: ago(24 * 60 * minuteMs) }, now)?.deed).toBe('warn');
  });

  test('says how much is left, and when jobs are started again', () => {
    expect(disk({ freeBytes: 99 * mb, isPaused: false, warnedAt: null }, now)?.why).toBe(
      'the disk of Stint’s home has 99 MB left, and no job is started before it has 120 MB',
    );
  });
});

describe('the same call with the same result', () => {
  /** Calls by the seconds at which they began and ended; by the end alone where the beginning was not told. */
  const times = (calls: readonly (readonly number[])[]): number =>
    calls.reduce((before, [first = 0, ended]) => {
      const [begunAt, at] = ended === undefined ? [null, first] : [now + first * secondMs, ended];
      return afterResult(before, { tool: 'Bash', is: 'same', begunAt, at: now + at * secondMs });
    }, noRepeats).times;

  test.each<[string, number[][], number]>([
    [
      'at the pace of the model counts',
      [
        [0, 1],
        [60, 69.9],
        [129, 130],
        [131, 132],
      ],
      4,
    ],
    ['that nobody was told the beginning of counts', [[1], [30], [60], [119]], 4],
    [
      'that takes ten seconds is a wait',
      [
        [0, 10],
        [12, 22],
        [24, 34],
        [36, 46],
      ],
      1,
    ],
    [
      'that comes a minute after the one before is another look',
      [
        [0, 1],
        [61, 62],
        [122, 123],
        [183, 184],
      ],
      1,
    ],
    [
      'counts from the last wait on',
      [
        [0, 1],
        [2, 3],
        [4, 34],
        [35, 36],
        [37, 38],
      ],
      3,
    ],
    ['that is heard in one moment with others counts once', [[5], [5], [5], [5], [6]], 2],
  ])('%s', (_, calls, counted) => {
    expect(times(calls)).toBe(counted);
  });

  test('begins a new row after any other', () => {
    const results = ['a', 'a', 'b', 'a'].map((is, place) => ({ tool: 'Bash', is, begunAt: null, at: now + place }));
    expect(results.reduce(afterResult, noRepeats)).toMatchObject({ is: 'a', times: 1 });
  });
});

test('the same call with the same result is a loop at the fourth time: told once, blocked then', () => {
  const facts = { tool: 'Bash', lastAt: now, loops: 0 };
  expect(contentLoop({ ...facts, times: 3 })).toBeNull();
  const told = contentLoop({ ...facts, times: 4 });
  expect(told).toMatchObject({ rule: 'content-loop', deed: 'resume' });
  expect(told?.says).toContain('try something else');
  expect(contentLoop({ ...facts, times: 4, loops: 1 })).toMatchObject({
    ...{ rule: 'content-loop', deed: 'block' },
    why: 'it called Bash 4 times in a row in the same way, with the same result, and not for the first time',
  });
});
