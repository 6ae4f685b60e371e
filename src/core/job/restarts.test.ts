import { expect, test } from 'bun:test';
import { crashed, limitedOn, noRestarts, resumed } from './restarts.ts';
import type { Restarts } from './job.ts';

const now = 10_000_000;

/** How often a job may meet limits on these rungs, one after the other and over again, before it is blocked. */
function limitsOn(rungs: readonly string[]): number {
  let restarts: Restarts | null = noRestarts;
  for (let count = 0; ; count += 1) {
    restarts = limitedOn(rungs[count % rungs.length] ?? '', restarts, now);
    if (restarts === null) return count;
  }
}

test('five resumes may follow one another on one rung, and one more for each further rung', () => {
  expect([limitsOn(['a']), limitsOn(['a', 'b']), limitsOn(['a', 'b', 'c', 'd', 'e', 'f', 'g'])]).toEqual([5, 6, 11]);
});

test('a rung that is met twice in a row is left alone, longer each time up to ten minutes, and another one is not', () => {
  const times: (number | undefined)[] = [];
  let restarts: Restarts | null = noRestarts;
  while (restarts !== null) {
    times.push(restarts.againAt === undefined ? undefined : restarts.againAt - now);
    restarts = limitedOn('a', restarts, now);
  }
  expect(times).toEqual([undefined, undefined, 30_000, 60_000, 120_000, 240_000]);
  const again = limitedOn('a', limitedOn('a', noRestarts, now) ?? noRestarts, now) ?? noRestarts;
  expect(limitedOn('b', again, now)?.againAt).toBeUndefined();
});

test('three crashes in half an hour are tried again, and then none', () => {
  let restarts: Restarts = noRestarts;
  for (const waitMs of [30_000, 60_000, 120_000]) {
    const next = crashed(restarts, now);
    expect(next?.at).toBe(now + waitMs);
    restarts = next?.restarts ?? restarts;
  }
  expect(crashed(restarts, now + 1_799_999)).toBeNull();
  expect(crashed(restarts, now + 1_800_000)?.restarts.crashes).toBe(1);
});

test('a resume by time or by what opened counts like one after a limit', () => {
  expect(resumed({ ...noRestarts, resumes: 4 })?.resumes).toBe(5);
  expect(resumed({ ...noRestarts, resumes: 5 })).toBeNull();
  expect(resumed({ ...noRestarts, resumes: 5, tried: ['a', 'b'] })?.resumes).toBe(6);
});
