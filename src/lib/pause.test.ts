import { expect, test } from 'bun:test';
import { getEventListeners } from 'node:events';
import { pause } from './pause.ts';

const longMs = 60_000;

test('a pause lasts as long as it is asked to', async () => {
  const began = performance.now();
  await pause(30, new AbortController().signal);
  expect(performance.now() - began).toBeGreaterThanOrEqual(29);
});

test('a signal ends a pause, and nobody waits where it came before', async () => {
  const controller = new AbortController();
  const began = performance.now();
  const paused = pause(longMs, controller.signal);
  controller.abort();
  await paused;
  await pause(longMs, controller.signal);
  expect(performance.now() - began).toBeLessThan(longMs / 2);
});

test('a pause that is over listens to nothing', async () => {
  const { signal } = new AbortController();
  await Promise.all([pause(1, signal), pause(2, signal)]);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
