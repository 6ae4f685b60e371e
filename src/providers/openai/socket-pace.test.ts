import { describe, expect, test } from 'bun:test';
import type { Fault } from '../../core/failover/outcome.ts';
import { paceMessage } from './socket-pace.ts';

const refused = (headers: object | undefined, status = 429) => ({
  ...{ type: 'error', status, error: { code: 'rate_limit_exceeded', message: 'Slow down.' } },
  ...(headers === undefined ? {} : { headers }),
});
const failed = (message: string) => ({ type: 'response.failed', response: { error: { code: 'x', message } } });

describe('a failed message', () => {
  test.each<[string, { fault: Fault; message: object; paced: object }]>([
    [
      'has no longer wait than a minute',
      { fault: 'billing', message: refused({ 'retry-after': '86400' }), paced: refused({ 'retry-after': '60' }) },
    ],
    [
      'has none as a number',
      { fault: 'window', message: refused({ 'Retry-After': 3600 }), paced: refused({ 'Retry-After': '60' }) },
    ],
    [
      'has none as a date',
      {
        fault: 'overload',
        message: refused({ 'retry-after': 'Sat, 21 Nov 2026 18:00:00 GMT' }, 503),
        paced: refused({ 'retry-after': '60' }, 503),
      },
    ],
    [
      'has none in its words',
      { fault: 'throttle', message: failed('try again in 7200s. Visit'), paced: failed('try again in 60s. Visit') },
    ],
    [
      'that names no limit says that it passes',
      { fault: 'scoped', message: refused(undefined), paced: refused({ 'retry-after': '2' }) },
    ],
    [
      'that names no limit says so beside its other headers',
      { fault: 'scoped', message: refused({ 'x-a': 'b' }), paced: refused({ 'x-a': 'b', 'retry-after': '2' }) },
    ],
  ])('%s', (_, { fault, message, paced }) => {
    expect(JSON.parse(paceMessage(JSON.stringify(message), fault))).toEqual(paced);
  });

  test.each<[string, Fault, string]>([
    ['with a short wait', 'scoped', JSON.stringify(refused({ 'retry-after': '1.5' }))],
    ['whose words tell of a short wait', 'throttle', JSON.stringify(failed('Please try again in 6s.'))],
    ['of a limit without a wait', 'window', JSON.stringify(refused(undefined))],
    ['with numbers that are too large for us', 'overload', '{"type":"error","n":12345678901234567890}'],
    ['that does not parse', 'overload', '{"type":"error"'],
  ])('%s stays as it is', (_, fault, text) => {
    expect(paceMessage(text, fault)).toBe(text);
  });
});
