import { afterEach, beforeEach, expect, jest, test } from 'bun:test';
import { Gate } from './gate.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('the time bound of the gate holds anew for what comes after it was emptied', () => {
  let opened = 0;
  const gate = new Gate(() => (opened += 1));
  gate.push({ data: 'one', kind: 'neutral' });
  gate.take();
  jest.advanceTimersByTime(15_000);
  expect(opened).toBe(0);
  gate.push({ data: 'two', kind: 'neutral' });
  jest.advanceTimersByTime(14_999);
  expect(opened).toBe(0);
  jest.advanceTimersByTime(1);
  expect(opened).toBe(1);
});
