import { describe, expect, test } from 'bun:test';
import {
  closedOf,
  fiveHourRejected,
  judgeUnified,
  noOverage,
  openOf,
  week,
  type Unified,
} from '../../../test/unified-answer.ts';

const inFiveHours = 1_795_240_500_000;
const inFourDays = 1_795_568_099_000;

describe('a 200 of a subscription', () => {
  const fine: Unified = {
    ...week,
    '5h-reset': '1795240500',
    '5h-status': 'allowed',
    '5h-utilization': '0.1',
    status: 'allowed',
    reset: '1795240500',
    ...noOverage,
  };

  test('tells how full the windows are and that they are open', () => {
    const { outcome, signals } = judgeUnified(200, fine);
    expect(outcome).toEqual({ kind: 'served' });
    expect(signals).toEqual([
      { kind: 'reading', window: 'five_hour', family: null, utilization: 0.1, resetsAt: inFiveHours },
      { kind: 'open', window: 'five_hour', family: null },
      { kind: 'reading', window: 'seven_day', family: null, utilization: 0.59, resetsAt: inFourDays },
      { kind: 'open', window: 'seven_day', family: null },
    ]);
  });

  test.each([
    ['7d_sonnet', 'seven_day_sonnet', 'sonnet'],
    ['7d_opus', 'seven_day_opus', 'opus'],
    ['7d_oi', 'seven_day_overage_included', 'fable'],
    ['30d', '30d', null],
  ])('tells of the window of the headers %s, as of the others', (header, window, family) => {
    const { signals } = judgeUnified(200, {
      ...fine,
      [`${header}-status`]: 'allowed_warning',
      [`${header}-utilization`]: '0.93',
      [`${header}-reset`]: '1795568099',
    });
    expect(signals.filter((each) => 'window' in each && each.window === window)).toEqual([
      { kind: 'reading', window, family, utilization: 0.93, resetsAt: inFourDays },
      { kind: 'open', window, family },
    ]);
  });

  test('reads no window from the amounts of overage', () => {
    const unified = { 'overage-utilization': '0.2', 'overage-period-monthly-utilization': '0.3' };
    expect(judgeUnified(200, { ...fine, ...unified })).toEqual(judgeUnified(200, fine));
  });

  test('with a warning is open', () => {
    const warned = {
      ...fine,
      '5h-status': 'allowed_warning',
      '5h-utilization': '0.93',
      '5h-surpassed-threshold': '0.9',
      status: 'allowed_warning',
    };
    const { signals } = judgeUnified(200, warned);
    expect(openOf(signals)).toEqual(['five_hour', 'seven_day']);
    expect(closedOf(signals)).toEqual([]);
  });

  test.each([
    ['', null],
    ['NaN', null],
    ['-0.5', null],
    ['1e3', null],
    ['0.5 of it', null],
    ['1.02', 1.02],
  ])('reads the utilization %j as %p', (utilization, read) => {
    const { signals } = judgeUnified(200, { ...fine, '5h-utilization': utilization });
    expect(signals[0]).toMatchObject({ kind: 'reading', window: 'five_hour', utilization: read });
  });

  const used: Unified = {
    ...week,
    ...fiveHourRejected,
    '5h-reset': '1795240500',
    status: 'rejected',
    'representative-claim': 'five_hour',
    reset: '1795240500',
  };

  test.each<[string, Unified]>([
    ['in use', { ...used, 'overage-in-use': 'true', 'overage-status': 'allowed' }],
    ['in use, without a status', { ...used, 'overage-in-use': 'true' }],
    ['allowed', { ...used, 'overage-status': 'allowed' }],
    ['allowed with a warning', { ...used, 'overage-status': 'allowed_warning' }],
  ])('that was served as overage is good and closes the window for those who forbid it: overage %s', (_, unified) => {
    const { outcome, signals } = judgeUnified(200, unified);
    expect(outcome).toEqual({ kind: 'served' });
    expect(signals.filter((each) => each.kind === 'closed')).toEqual([
      {
        kind: 'closed',
        window: 'five_hour',
        family: null,
        overage: true,
        until: inFiveHours,
        evidence: 'five_hour used up, served as overage',
      },
    ]);
    expect(openOf(signals)).toEqual(['seven_day']);
  });

  test('with a window used up but no word of overage closes nothing', () => {
    expect(closedOf(judgeUnified(200, { ...used, ...noOverage }).signals)).toEqual([]);
    expect(closedOf(judgeUnified(200, { ...used, status: 'allowed', 'overage-status': 'allowed' }).signals)).toEqual(
      [],
    );
  });
});
