import { describe, expect, test } from 'bun:test';
import type { Fault } from '../core/failover/outcome.ts';
import { paceRetries } from './pace.ts';

describe('the wait that a delivered failure tells', () => {
  test.each<[string | null, Fault, string | null]>([
    ['2', 'scoped', '2'],
    [null, 'scoped', '2'],
    ['60', 'scoped', '60'],
    ['3600', 'scoped', '60'],
    ['10', 'overload', '10'],
    ['900', 'overload', '10'],
    ['900', 'network', '10'],
    [null, 'overload', null],
    ['Sat, 21 Nov 2026 10:55:09 GMT', 'overload', '10'],
    [null, 'request', null],
  ])('of %p, for %s, is %p', (told, fault, paced) => {
    const headers = new Headers(told === null ? {} : { 'retry-after': told });
    paceRetries(headers, fault);
    expect(headers.get('retry-after')).toBe(paced);
  });
});
