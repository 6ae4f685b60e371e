import { describe, expect, test } from 'bun:test';
import { asJobId, type JobId } from '../ids.ts';
import { circleOf, circleText } from './circle.ts';

const [a, b, c] = ['a', 'b', 'c'].map(asJobId) as [JobId, JobId, JobId];

describe('a circle of those who wait', () => {
  const waits = (map: Record<string, JobId[]>) => (job: JobId) => map[job] ?? [];
  test.each([
    ['is none where the other does not wait', [b], {}, null],
    ['of two', [b], { b: [a] }, [a, b, a]],
    ['of three', [b], { b: [c], c: [a] }, [a, b, c, a]],
    ['behind one that leads nowhere', [c, b], { b: [a] }, [a, b, a]],
    ['of others is not its own', [b], { b: [c], c: [b] }, null],
  ])('%s', (_, others, map, expected) => {
    expect(circleOf(a, others, waits(map))).toEqual(expected);
  });
});

test('a circle is told as who waits for whom', () => {
  expect(circleText([a, b, a])).toBe('job a waits for job b, job b waits for job a');
});
