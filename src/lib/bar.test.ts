import { expect, test } from 'bun:test';
import { drawBar } from './bar.ts';

test.each([
  [0, '░░░░░░░░░░░░'],
  [0.001, '█░░░░░░░░░░░'],
  [0.5, '██████░░░░░░'],
  [0.999, '███████████░'],
  [1, '████████████'],
  [-1, '░░░░░░░░░░░░'],
  [7, '████████████'],
])('a bar for %d is %s', (share, bar) => {
  expect(drawBar(share, 12)).toBe(bar);
});
