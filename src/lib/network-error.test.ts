import { describe, expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { describeNetworkError } from './network-error.ts';

describe('what a failed connection is called', () => {
  test.each<[string, unknown, string]>([
    ['by its code', Object.assign(new Error('Unable to connect.'), { code: 'ECONNRESET' }), 'the connection was cut'],
    ['by a code that we do not know', Object.assign(new Error('x'), { code: 'EODD' }), 'EODD'],
    ['by its message', new Error('the stream ended'), 'the stream ended'],
    ['by itself', 'odd', 'odd'],
  ])('%s', (_, error, says) => {
    expect(describeNetworkError(error)).toBe(says);
  });

  test('as fetch itself reports a port where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const error: unknown = await fetch(`http://127.0.0.1:${port}/`).catch((reason: unknown) => reason);
    expect(describeNetworkError(error)).toBe('the connection was refused');
  });
});
