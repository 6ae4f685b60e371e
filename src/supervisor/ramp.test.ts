import { expect, test } from 'bun:test';
import { labelFrom } from '../../test/builders.ts';
import { Ramp } from './ramp.ts';

const pool = labelFrom('work');
const at = (start: number) => {
  const time = { now: start };
  const ramp = new Ramp(() => time.now);
  const takeAll = (): number => {
    let taken = 0;
    while (taken < 5000 && ramp.take(pool)) taken += 1;
    return taken;
  };
  return { time, ramp, takeAll };
};

test('one goes on, and once a turn was served twice as many every quarter of a second', () => {
  const { time, ramp, takeAll } = at(1000);
  expect(takeAll()).toBe(1);
  time.now += 400;
  expect([takeAll(), ramp.next(pool)]).toEqual([0, 6000]);
  ramp.verified(pool);
  const taken = [1, 2, 3, 4, 5].map(() => {
    time.now = ramp.next(pool) ?? 0;
    return takeAll();
  });
  expect(taken).toEqual([1, 2, 4, 8, 16]);
});

test('a herd that comes an hour after the last is begun with one again', () => {
  const { time, ramp, takeAll } = at(1000);
  takeAll();
  ramp.verified(pool);
  time.now += 3_600_000;
  expect(takeAll()).toBe(1);
});

test('jobs that come one by one do not make a herd of those after them', () => {
  const { time, ramp, takeAll } = at(1000);
  takeAll();
  ramp.verified(pool);
  time.now += 30_000;
  expect(ramp.take(pool)).toBe(true);
  time.now += 30_000;
  expect(ramp.take(pool)).toBe(true);
  time.now += 3_600_000;
  expect(takeAll()).toBe(1);
});

test('a clock that is set back an hour lets one go on', () => {
  const { time, takeAll } = at(10_000_000);
  takeAll();
  time.now -= 3_600_000;
  expect(takeAll()).toBe(1);
});
