import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { hourMs, minuteMs } from '../../core/time.ts';
import { openRest, type Asked, type RestRig } from '../../../test/rest-rig.ts';

let rest: RestRig;

beforeEach(async () => {
  rest = await openRest({ mcp: { handle: () => Promise.resolve(Response.json({})) } });
  await rest.operations.add('work');
});

afterEach(() => rest[Symbol.asyncDispose]());

describe('a one-time link', () => {
  test('logs one browser in, for twelve hours, by a cookie that no script and no other site has', async () => {
    const { body } = await rest.send('/api/dashboard.link', { method: 'POST', body: {} });
    expect(body['url']).toMatch(new RegExp(`^${rest.origin}/login#[0-9a-f]{32}$`));
    expect(body['expiresAt']).toBe(rest.operations.now + 5 * minuteMs);
    const { status, headers } = await login(String(body['url']).split('#')[1] ?? '');
    expect(status).toBe(204);
    const cookie = headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(
      new RegExp(`^stint-${rest.port}=[0-9a-f]{64}; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict$`),
    );
    expect((await asBrowser(cookie, '/api/status')).status).toBe(200);
    rest.operations.now += 12 * hourMs;
    expect((await asBrowser(cookie, '/api/status')).status).toBe(401);
  });

  test.each([
    ['used', (code: string) => login(code)],
    ['old', () => Promise.resolve(void (rest.operations.now += 5 * minuteMs))],
  ])('that is %s lets nobody in', async (_, spoil) => {
    const code = newCode();
    await spoil(code);
    expect(await login(code)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  });

  test.each([[{}], [{ code: 5 }], [{ code: 'x', more: 1 }], [{ code: ['x'] }]])('is not %j', async (body) => {
    expect((await rest.send('/api/login', { method: 'POST', body, token: null })).status).toBe(400);
  });

  test('is not made for a token that only reads', async () => {
    const answer = await rest.send('/api/dashboard.link', { method: 'POST', body: {}, token: rest.read });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});

describe('a browser that is logged in', () => {
  test('is noted as such, and so is one that may not come in', async () => {
    await login('0'.repeat(32));
    const cookie = await loggedIn();
    expect(rest.operations.audit.slice(-2).map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ['browser.login', 'unauthorized'],
      ['browser.login', 'done'],
    ]);
    await asBrowser(cookie, '/api/account.disable', post({ account: 'work' }));
    expect(rest.operations.audit.at(-1)).toMatchObject({ surface: 'web', actor: 'browser', outcome: 'done' });
  });

  test('sees so at /, and a stranger how to come in', async () => {
    const page = await asBrowser(await loggedIn(), '/');
    expect([page.status, page.body['text']]).toEqual([200, expect.stringContaining('/api/status')]);
    const stranger = await rest.send('/', { token: null });
    expect([stranger.status, stranger.body['text']]).toEqual([401, expect.stringContaining('stint dashboard link')]);
  });

  test('may not use MCP', async () => {
    expect((await asBrowser(await loggedIn(), '/mcp', post({}))).status).toBe(403);
  });

  test('is out once it logs out', async () => {
    const cookie = await loggedIn();
    const out = await asBrowser(cookie, '/api/logout', post({}));
    expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect((await asBrowser(cookie, '/api/status')).status).toBe(401);
  });

  test.each(['full', 'read'] as const)('is out once the %s token is rotated', async (scope) => {
    const cookie = await loggedIn();
    const code = newCode();
    await rest.send('/api/token.rotate', { method: 'POST', body: { scope } });
    expect((await asBrowser(cookie, '/api/status')).status).toBe(401);
    expect((await login(code)).status).toBe(401);
  });
});

describe('the login page', () => {
  test('has everything in it, and lets in nothing else', async () => {
    const { headers, body } = await rest.send('/login', { token: null });
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'; /,
    );
    expect(policy).toContain("frame-ancestors 'none'");
    expect(String(body['text'])).not.toMatch(/(src|href)=|https?:/);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('is not shown under another name', async () => {
    expect(await rest.raw('/login', { host: 'evil.example' })).toBe(403);
    expect(await rest.raw('/', { host: 'evil.example' })).toBe(403);
  });
});

describe('wrong tokens and codes', () => {
  test('are refused for a while after ten within a minute, and a right one never is', async () => {
    const wrong = 'f'.repeat(64);
    for (let at = 0; at < 5; at += 1) expect((await rest.send('/api/status', { token: wrong })).status).toBe(401);
    rest.operations.now += 20_000;
    for (let at = 0; at < 5; at += 1) expect((await login('0'.repeat(32))).status).toBe(401);
    for (const answer of [await rest.send('/api/status', { token: wrong }), await login('0'.repeat(32))]) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '40']);
      expect(answer.body).toMatchObject({ code: 'unauthorized', retryAt: rest.operations.now + 40_000 });
    }
    expect((await rest.send('/api/status')).status).toBe(200);
    expect((await login(newCode())).status).toBe(204);
    rest.operations.now += 40_000;
    expect((await rest.send('/api/status', { token: wrong })).status).toBe(401);
  });

  test('are not what a request without any is', async () => {
    for (let at = 0; at < 12; at += 1) expect((await rest.send('/api/status', { token: null })).status).toBe(401);
  });
});

function newCode(): string {
  return rest.tokens.link().url.split('#')[1] ?? '';
}

function login(code: string) {
  return rest.send('/api/login', { ...post({ code }), token: null });
}

async function loggedIn(): Promise<string> {
  return (await login(newCode())).headers.get('set-cookie') ?? '';
}

function asBrowser(cookie: string, path: string, asked: Asked = {}) {
  const headers = { ...asked.headers, cookie: cookie.split(';')[0] ?? '' };
  return rest.send(path, { ...asked, token: null, headers });
}

/** As a page of the daemon posts. */
function post(body: object): Asked {
  return { method: 'POST', body, headers: { origin: rest.origin, 'sec-fetch-site': 'same-origin' } };
}
