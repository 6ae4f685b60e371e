import { describe, expect, test } from 'bun:test';
import { MalformedRequest, RequestReader } from './request-reader.ts';

const first =
  'POST /v1/messages?beta=true HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 5\r\n\r\nhello';
const second = 'POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n';
const third = 'HEAD / HTTP/1.1\r\n\r\n';

function readAll(parts: readonly Buffer[]): unknown[] {
  const reader = new RequestReader();
  const seen: unknown[] = [];
  for (const part of parts) {
    reader.push(part);
    for (let request = reader.next(); request !== undefined; request = reader.next()) {
      seen.push({ ...request, body: request.body.toString() });
    }
  }
  return seen;
}

describe('request reader', () => {
  test('requests on one connection survive a split at every byte', () => {
    const bytes = Buffer.from(first + second + third);
    const whole = readAll([bytes]);
    expect(whole).toEqual([
      {
        method: 'POST',
        path: '/v1/messages',
        query: 'beta=true',
        headers: { host: 'a', 'x-two': '1, 2', 'content-length': '5' },
        body: 'hello',
      },
      { method: 'POST', path: '/b', query: '', headers: { 'transfer-encoding': 'chunked' }, body: 'abcde' },
      { method: 'HEAD', path: '/', query: '', headers: {}, body: '' },
    ]);
    for (let at = 1; at < bytes.length; at += 1) {
      expect(readAll([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
    expect(readAll(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(whole);
  });

  test.each(['nonsense\r\n\r\n', 'GET / HTTP/1.1\r\nno colon\r\n\r\n', 'GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n'])(
    'bytes that are no request are refused: %j',
    (text) => {
      expect(() => readAll([Buffer.from(text)])).toThrow(MalformedRequest);
    },
  );

  test('leave to send the body is given once', () => {
    const reader = new RequestReader();
    reader.push(Buffer.from('POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n'));
    expect(reader.next()).toBeUndefined();
    expect(reader.takeContinue()).toBe(true);
    expect(reader.takeContinue()).toBe(false);
    reader.push(Buffer.from('x'));
    expect(reader.next()?.body.toString()).toBe('x');
  });
});
