import { afterEach, expect, jest, test } from 'bun:test';
import { reportProgress } from './progress.ts';

afterEach(() => void jest.useRealTimers());

function told(progressToken: string | undefined) {
  const sent: unknown[] = [];
  const extra = {
    ...(progressToken === undefined ? {} : { _meta: { progressToken } }),
    sendNotification: (notification: unknown) => {
      sent.push(notification);
      return Promise.reject(new Error('the client has gone'));
    },
  };
  return { sent, extra: extra as unknown as Parameters<typeof reportProgress>[0] };
}

test('a client that asked is told every 5 seconds that its call still runs, until it has ended', () => {
  jest.useFakeTimers();
  const { sent, extra } = told('t1');
  const reporting = reportProgress(extra);
  jest.advanceTimersByTime(4999);
  expect(sent).toEqual([]);
  jest.advanceTimersByTime(6000);
  const method = 'notifications/progress';
  expect(sent).toEqual([
    { method, params: { progressToken: 't1', progress: 5 } },
    { method, params: { progressToken: 't1', progress: 10 } },
  ]);
  reporting[Symbol.dispose]();
  jest.advanceTimersByTime(60_000);
  expect(sent.length).toBe(2);
});

test('a client that did not ask is told nothing', () => {
  jest.useFakeTimers();
  const { sent, extra } = told(undefined);
  using _ = reportProgress(extra);
  jest.advanceTimersByTime(60_000);
  expect(sent).toEqual([]);
});
