import { describe, expect, test } from 'bun:test';
import type { FailureKind } from './failure-kind.ts';
import type { AttemptOutcome } from './job.ts';
import { outcomeOf, signalOf, type Heard } from './outcome.ts';

const silent = { failure: 'unknown', detail: '', until: null } as const;
const limit = { detail: 'five_hour rejected', until: 7000 };
const heard = (more: Partial<Heard>): Heard => ({ result: null, error: null, limit: null, stderr: silent, ...more });
const failed = (failure: FailureKind, detail: string, until: number | null = null): AttemptOutcome => ({
  ...{ kind: 'failed', failure, detail, until },
});
const task = { failure: 'task', detail: 'gave up', until: null } as const;
const network = { failure: 'network', detail: 'ECONNRESET', until: null } as const;

describe('an attempt', () => {
  test.each<[string, Heard, number | null, AttemptOutcome]>([
    ['is done by its own word', heard({ result: 'ok' }), 0, { kind: 'done', result: 'ok' }],
    ['is done though its exit code is 1', heard({ result: 'ok' }), 1, { kind: 'done', result: 'ok' }],
    ['is done on overage, with a limit seen', heard({ result: 'ok', limit }), 0, { kind: 'done', result: 'ok' }],
    ['is not done where it says it failed', heard({ result: 'ok', error: task }), 0, failed('task', 'gave up')],
    ['met a limit, whatever else it could not name', heard({ limit }), 1, failed('window', limit.detail, 7000)],
    ['failed at what it names after a limit', heard({ limit, error: task }), 1, failed('task', 'gave up')],
    ['was killed', heard({ stderr: network }), null, failed('crash', 'the agent was killed')],
    ['is known by its error channel', heard({ stderr: network }), 1, failed('network', 'ECONNRESET')],
    ['crashed', heard({}), 139, failed('crash', 'the agent ended with exit code 139')],
    ['ended without a word', heard({}), 0, failed('unknown', 'the agent ended without a result')],
  ])('%s', (_, told, code, outcome) => {
    expect(outcomeOf(told, code)).toEqual(outcome);
  });

  const closed = { kind: 'closed', overage: false, until: 5, evidence: 'x' };
  test.each<[FailureKind, unknown]>([
    ['window', { ...closed, window: 'usage', family: null }],
    ['billing', { ...closed, window: 'credits', family: null }],
    ['entitlement', { ...closed, window: 'entitlement', family: 'opus' }],
    ['auth', { kind: 'refused', evidence: 'x' }],
    ['overload', null],
    ['crash', null],
  ])('that failed by %s tells of its account', (failure, signal) => {
    expect(signalOf(failed(failure, 'x', 5), 'opus')).toEqual(signal as never);
    expect(signalOf({ kind: 'done', result: 'x' }, 'opus')).toBeNull();
  });
});
