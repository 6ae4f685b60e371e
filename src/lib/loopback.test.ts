import { expect, test } from 'bun:test';
import { isLoopback, travelsInClear } from './loopback.ts';

test.each(['localhost', 'LocalHost', '127.0.0.1', '127.9.8.7', '::1', '[::1]'])('%s is this machine', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(['', '0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'localhost.example', '127.0.0.1.example', '127.example'])(
  '%j may be another one',
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);

test.each([
  ['http://api.example.com', true],
  ['http://192.168.1.7:8080/anthropic', true],
  ['https://api.example.com', false],
  ['http://127.0.0.1:8080', false],
  ['http://[::1]:8080', false],
  ['http://LOCALHOST', false],
])('what goes to %s can be read on its way: %p', (url, inClear) => {
  expect(travelsInClear(url)).toBe(inClear);
});
