import { expect, test } from 'bun:test';
import { paceError } from './pace.ts';

test.each([
  ['Please try again in 7200s. Visit', 'Please try again in 60s. Visit'],
  ['Try again in 3600.5 seconds.', 'Try again in 60s.'],
  ['try again in 60s', 'try again in 60s'],
  ['try again in 11.054s', 'try again in 11.054s'],
  ['try again in 90000ms', 'try again in 60s'],
  ['try again in 900ms', 'try again in 900ms'],
  ['try again in 1h2m3s', 'try again in 1h2m3s'],
])('the error %j reaches its client as %j', (text, paced) => {
  expect(paceError(text)).toBe(paced);
});
