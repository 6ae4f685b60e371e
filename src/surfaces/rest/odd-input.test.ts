import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { openRest, type RestRig } from '../../../test/rest-rig.ts';

let rest: RestRig;

beforeAll(async () => {
  rest = await openRest();
  await rest.operations.add('work', 'home');
});

afterAll(() => rest[Symbol.asyncDispose]());

describe('odd names', () => {
  const odd = [
    ...[
      '..',
      '../../etc/passwd',
      '..\\..\\x',
      '/etc/passwd',
      'a/b',
      '.',
      '%2e%2e',
      'a\u0000b',
      '\u0000',
      '\r\nx: y',
      '‮evil',
    ],
    ...[
      'constructor',
      '__proto__',
      'toString',
      '<script>',
      '${x}',
      "'; drop table accounts; --",
      '😀',
      ' ',
      '-',
      '--help',
    ],
    'x'.repeat(10_000),
  ];

  test.each(odd)('in a path and in a body are only names: %j', async (name) => {
    // Clients resolve dots before they send anything.
    const encoded = /^\.+$/.test(name) ? 'dots' : encodeURIComponent(name);
    const answers = [
      await rest.send(`/api/pools/${encoded}`),
      await rest.send(`/api/accounts/anthropic/${encoded}`),
      await rest.send(`/api/config/${encoded}`),
      await rest.send(`/account-pool/${encoded}`),
      await rest.send('/api/account.show', { method: 'POST', body: { account: name } }),
      await rest.send(`/api/account.show?account=${encoded}`),
      await rest.send(`/api/account.show?${encoded}=1`),
      await rest.send('/api/phantom.revoke', { method: 'POST', body: { id: name } }),
    ];
    for (const { status } of answers) expect([400, 404, 405]).toContain(status);
    expect(rest.bugs).toEqual([]);
  });

  test.each(odd)('make a label that is one, or none: %j', async (name) => {
    const made = await rest.send('/api/pools', { method: 'POST', body: { name, accounts: ['work'] } });
    expect([201, 400]).toContain(made.status);
    if (made.status !== 201) return;
    expect(made.body['name']).toMatch(/^[a-z0-9-]{1,40}$/);
    expect((await rest.send(`/api/pools/${String(made.body['name'])}`, { method: 'DELETE' })).status).toBe(200);
  });

  test.each([
    '/api/%2e%2e/%2e%2e/token',
    '/api/..%2f..%2ftoken',
    '/..%00/',
    '/api/pools/%zz',
    '/api//status',
    '//evil.example/api/status',
    '/api/status/..%2f',
    '/token',
    '/token-read',
  ])('in a path lead nowhere: %s', async (path) => {
    const status = await rest.raw(path, { host: '127.0.0.1', authorization: `Bearer ${rest.full}` });
    expect([400, 404]).toContain(status);
  });
});

describe('floods', () => {
  test.each([
    ['many headers', 'X-A: b\r\n'.repeat(5000)],
    ['a long header', `X-A: ${'b'.repeat(100_000)}\r\n`],
    ['a long cookie', `Cookie: ${'a=b; '.repeat(20_000)}\r\n`],
  ])('of %s are refused, and others are served', async (_, headers) => {
    expect(await rawAnswer(`GET /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`)).toMatch(
      /^(HTTP\/1\.1 431 |$)/,
    );
    expect((await rest.send('/api/status')).status).toBe(200);
  });

  test.each([
    ['a length that is none', 'Content-Length: -1\r\n'],
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n'],
    ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'],
  ])('and a body with %s is refused', async (_, headers) => {
    const answer = await rawAnswer(
      `POST /api/account.disable HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${rest.full}\r\nContent-Type: application/json\r\n${headers}Connection: close\r\n\r\n{}`,
    );
    expect(answer).toMatch(/^(HTTP\/1\.1 400 |$)/);
  });

  function rawAnswer(text: string): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect(rest.port, '127.0.0.1', () => socket.write(text));
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString();
        if (answer.includes('\r\n\r\n')) socket.destroy();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(answer));
    });
  }
});
