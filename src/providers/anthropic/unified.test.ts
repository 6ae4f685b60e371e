import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import {
  closedOf,
  fiveHourAllowed,
  fiveHourRejected,
  judgeUnified,
  limit,
  limitMessage,
  noOverage,
  openOf,
  week,
  type Unified,
} from '../../../test/unified-answer.ts';

const now = captured;
const inAnHour = 1_795_226_099_000;
const inFiveHours = 1_795_240_500_000;
const inFourDays = 1_795_568_099_000;

const refused: Unified = { status: 'rejected', reset: '1795226099', 'retry-after': '3600', ...noOverage };

describe('a 429 of a subscription closes', () => {
  test.each<[string, Unified, ReturnType<typeof limit>[], string[]]>([
    [
      'the five-hour window',
      { ...refused, ...fiveHourRejected, ...week, 'representative-claim': 'five_hour' },
      [limit('five_hour', inAnHour)],
      ['seven_day'],
    ],
    [
      'the weekly window, though the five-hour window resets later',
      {
        ...refused,
        ...fiveHourAllowed,
        '7d-reset': '1795226099',
        '7d-status': 'rejected',
        '7d-utilization': '1',
        'representative-claim': 'seven_day',
      },
      [limit('seven_day', inAnHour)],
      ['five_hour'],
    ],
    [
      'Opus only, by its claim',
      { ...refused, ...fiveHourAllowed, ...week, 'representative-claim': 'seven_day_opus' },
      [limit('seven_day_opus', inAnHour, 'opus')],
      ['five_hour', 'seven_day'],
    ],
    [
      'Sonnet only, by its claim',
      { ...refused, ...fiveHourAllowed, ...week, 'representative-claim': 'seven_day_sonnet' },
      [limit('seven_day_sonnet', inAnHour, 'sonnet')],
      ['five_hour', 'seven_day'],
    ],
    [
      'Fable only, by headers of its own',
      {
        ...refused,
        ...fiveHourAllowed,
        ...week,
        '7d_oi-reset': '1795226099',
        '7d_oi-status': 'rejected',
        '7d_oi-utilization': '1',
        'representative-claim': 'seven_day_overage_included',
      },
      [limit('seven_day_overage_included', inAnHour, 'fable')],
      ['five_hour', 'seven_day'],
    ],
    [
      'the five-hour window when credits are used up as well',
      {
        ...refused,
        ...fiveHourRejected,
        ...week,
        'representative-claim': 'five_hour',
        'overage-disabled-reason': 'out_of_credits',
      },
      [limit('five_hour', inAnHour)],
      ['seven_day'],
    ],
    [
      'the five-hour window when the spend cap is reached as well',
      {
        ...refused,
        ...fiveHourRejected,
        ...week,
        'representative-claim': 'five_hour',
        'overage-disabled-reason': 'org_spend_cap_reached',
      },
      [limit('five_hour', inAnHour)],
      ['seven_day'],
    ],
    [
      'every rejected window until its own reset, so that the latest counts',
      {
        ...refused,
        ...fiveHourRejected,
        '7d-reset': '1795568099',
        '7d-status': 'rejected',
        'representative-claim': 'five_hour',
      },
      [limit('five_hour', inAnHour), limit('seven_day', inFourDays)],
      [],
    ],
    [
      'a rejected window and the claimed family beside it',
      { ...refused, ...fiveHourRejected, ...week, 'representative-claim': 'seven_day_opus' },
      [limit('five_hour', inAnHour), limit('seven_day_opus', inAnHour, 'opus')],
      ['seven_day'],
    ],
    [
      'a window that we have never seen, under its own name',
      { ...refused, ...fiveHourAllowed, '30d-status': 'rejected', '30d-reset': '1795568099' },
      [limit('30d', inFourDays)],
      ['five_hour'],
    ],
    [
      'a weekly window of a family that gets headers one day',
      { ...refused, ...fiveHourAllowed, '7d_haiku-status': 'rejected', '7d_haiku-reset': '1795568099' },
      [limit('seven_day_haiku', inFourDays, 'haiku')],
      ['five_hour'],
    ],
    [
      'the claimed family once, until the reset of its own headers',
      {
        ...refused,
        ...fiveHourAllowed,
        '7d_sonnet-status': 'rejected',
        '7d_sonnet-reset': '1795568099',
        'representative-claim': 'seven_day_sonnet',
      },
      [limit('seven_day_sonnet', inFourDays, 'sonnet')],
      ['five_hour'],
    ],
    [
      'a window of the model’s family where the answer as a whole has no status',
      { '7d_opus-status': 'rejected', '7d_opus-reset': '1795568099' },
      [limit('seven_day_opus', inFourDays, 'opus')],
      [],
    ],
    [
      'not the claimed family when that has something left: until Retry-After, without a name',
      { ...refused, '7d_opus-status': 'allowed', 'representative-claim': 'seven_day_opus' },
      [limit('unified', now + 3_600_000, 'opus')],
      ['seven_day_opus'],
    ],
    [
      'the claimed window where none has headers',
      { ...refused, 'representative-claim': 'five_hour' },
      [limit('five_hour', inAnHour)],
      [],
    ],
    [
      'a rejected window where the answer as a whole has no status',
      fiveHourRejected,
      [limit('five_hour', inAnHour)],
      [],
    ],
    ['something without a name where nothing is claimed', refused, [limit('unified', inAnHour)], []],
    [
      'something without a name where the claim is empty',
      { ...refused, 'representative-claim': '' },
      [limit('unified', inAnHour)],
      [],
    ],
    [
      'not the claimed window when that has something left: until Retry-After, without a name',
      { ...refused, ...fiveHourAllowed, ...week, 'representative-claim': 'five_hour' },
      [limit('unified', now + 3_600_000)],
      ['five_hour', 'seven_day'],
    ],
  ])('%s', (...[, unified, closed, open]) => {
    const { outcome, signals } = judgeUnified(429, unified);
    expect(outcome).toEqual({ kind: 'failed', fault: 'window', detail: `HTTP 429 rate_limit_error: ${limitMessage}` });
    expect(closedOf(signals)).toEqual(closed);
    expect(openOf(signals)).toEqual(open);
  });

  test.each<[string, Unified, number | null]>([
    ['the window’s own', { ...refused, ...fiveHourRejected }, inAnHour],
    ['the unified one without it', { ...refused, '5h-status': 'rejected', reset: '1795240500' }, inFiveHours],
    [
      'the unified one where it does not parse',
      { ...refused, '5h-status': 'rejected', '5h-reset': 'soon', reset: '1795240500' },
      inFiveHours,
    ],
    [
      'the unified one where it lies in the past',
      { ...refused, '5h-status': 'rejected', '5h-reset': '1795222000', reset: '1795240500' },
      inFiveHours,
    ],
    [
      'Retry-After without either',
      { status: 'rejected', '5h-status': 'rejected', 'retry-after': '2094' },
      now + 2_094_000,
    ],
    ['unknown without all of them', { status: 'rejected', '5h-status': 'rejected' }, null],
    [
      'unknown where all of them are hostile',
      { status: 'rejected', '5h-status': 'rejected', '5h-reset': '1e9', reset: '-1', 'retry-after': '0x10' },
      null,
    ],
  ])('a window until the reset that it has: %s', (_, unified, until) => {
    expect(closedOf(judgeUnified(429, unified).signals)).toEqual([limit('five_hour', until)]);
  });

  test('the real one that was seen in the wild', () => {
    const { outcome, signals } = judgeUnified(429, {
      status: 'rejected',
      '5h-status': 'rejected',
      '5h-reset': '1795224593',
      '5h-utilization': '1.0',
      '7d-status': 'allowed',
      '7d-reset': '1795568099',
      '7d-utilization': '0.31',
      'representative-claim': 'five_hour',
      'fallback-percentage': '0.5',
      'overage-disabled-reason': 'out_of_credits',
      'overage-status': 'rejected',
      'retry-after': '2094',
    });
    expect(outcome).toMatchObject({ kind: 'failed', fault: 'window' });
    expect(signals).toEqual([
      { kind: 'reading', window: 'five_hour', family: null, utilization: 1, resetsAt: 1_795_224_593_000 },
      { kind: 'reading', window: 'seven_day', family: null, utilization: 0.31, resetsAt: inFourDays },
      { kind: 'open', window: 'seven_day', family: null },
      {
        kind: 'closed',
        window: 'five_hour',
        family: null,
        overage: false,
        until: 1_795_224_593_000,
        evidence: 'five_hour rejected',
      },
    ]);
  });
});

describe('a window with something left', () => {
  test('never sets a cooldown, whatever resets it names', () => {
    const { outcome, signals } = judgeUnified(429, {
      status: 'allowed',
      ...fiveHourAllowed,
      ...week,
      reset: '1795568099',
    });
    expect(outcome).toMatchObject({ fault: 'scoped' });
    expect(closedOf(signals)).toEqual([]);
    expect(openOf(signals)).toEqual(['five_hour', 'seven_day']);
  });

  test('leaves a 429 with Retry-After to the minute', () => {
    const { outcome, signals } = judgeUnified(429, {
      status: 'allowed',
      ...fiveHourAllowed,
      ...week,
      'retry-after': '7',
    });
    expect(outcome).toMatchObject({ fault: 'throttle' });
    expect(closedOf(signals)).toEqual([limit('minute', now + 7000, 'claude-opus-4-8')]);
  });

  test('leaves a 429 to the minute when only another model’s family is used up', () => {
    const unified = { status: 'allowed', ...fiveHourAllowed, '7d_sonnet-status': 'rejected', 'retry-after': '7' };
    const { outcome, signals } = judgeUnified(429, unified);
    expect(outcome).toMatchObject({ fault: 'throttle' });
    expect(closedOf(signals)).toEqual([limit('minute', now + 7000, 'claude-opus-4-8')]);
  });
});
