import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import { planReadings, planWindows, windowName } from './plan-limit.ts';

const now = captured;

describe('a window of a plan', () => {
  test.each<[number | null, string]>([
    [300, 'five_hour'],
    [299, 'five_hour'],
    [10_080, 'seven_day'],
    [10_079, 'seven_day'],
    [1440, '1440m'],
    [43_200, '43200m'],
    [60, '60m'],
    [0, 'primary'],
    [null, 'primary'],
  ])('of %p minutes is called %s', (minutes, name) => {
    expect(windowName(minutes, 'primary')).toBe(name);
  });

  test.each<[string, Record<string, string>, object[]]>([
    [
      'is read with its moment',
      { 'used-percent': '12.5', 'window-minutes': '300', 'reset-at': '1795240500', 'reset-after-seconds': '1' },
      [{ window: 'five_hour', usedPercent: 12.5, resetsAt: 1_795_240_500_000 }],
    ],
    [
      'is read with its seconds where the moment has passed',
      { 'used-percent': '10', 'window-minutes': '300', 'reset-at': '1695240500', 'reset-after-seconds': '90' },
      [{ window: 'five_hour', usedPercent: 10, resetsAt: now + 90_000 }],
    ],
    [
      'without a length keeps its place’s name',
      { 'used-percent': '10' },
      [{ window: 'primary', usedPercent: 10, resetsAt: null }],
    ],
    ['of zeros is none', { 'used-percent': '0', 'window-minutes': '0', 'reset-after-seconds': '' }, []],
    ['without a percentage is none', { 'window-minutes': '300', 'reset-at': '1795240500' }, []],
    ['with a word for a percentage is none', { 'used-percent': 'False', 'window-minutes': '300' }, []],
  ])('%s', (_, parts, expected) => {
    const headers = new Headers();
    for (const [part, value] of Object.entries(parts)) headers.set(`x-codex-primary-${part}`, value);
    expect(planWindows(headers, now)).toEqual(
      expected.map((each) => ({ limit: 'codex', family: null, ...each })) as never,
    );
  });

  test('of another limit belongs to the models of its name', () => {
    const headers = new Headers({
      'x-codex-bengalfox-limit-name': 'GPT-5.3-Codex-Spark',
      'x-codex-bengalfox-secondary-used-percent': '40',
      'x-codex-bengalfox-secondary-window-minutes': '10080',
    });
    expect(planReadings(planWindows(headers, now))).toEqual([
      { kind: 'reading', window: 'seven_day', family: 'gpt-5.3-codex-spark', utilization: 0.4, resetsAt: null },
      { kind: 'open', window: 'seven_day', family: 'gpt-5.3-codex-spark' },
    ]);
  });

  test('of a limit without a name belongs to no model that anybody asks for', () => {
    const headers = new Headers({ 'x-codex-otter-primary-used-percent': '40' });
    expect(planWindows(headers, now)[0]?.family).toBe('codex-otter');
  });

  test('with nothing left is not called open', () => {
    const headers = new Headers({ 'x-codex-primary-used-percent': '100', 'x-codex-primary-window-minutes': '300' });
    expect(planReadings(planWindows(headers, now)).map(({ kind }) => kind)).toEqual(['reading']);
  });
});
