import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import type { Credential, Reach } from '../provider.ts';
import { open } from './credential.ts';
import { login } from './login.ts';
import { usageEndpoint } from './usage.ts';

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const next = `${encoded({ alg: 'none' })}.${encoded({ sub: 'test', exp: captured / 1000 + 3600 })}.c2ln`;
const known = {
  accessToken: 'old-test-token',
  refreshToken: 'rt-test-old-1',
  idToken: 'old-test-id-token',
  accountId: 'account-a',
};

type Seen = { method: string; path: string; headers: Headers; body: string };

/** Answers every request of one exchange with the same, on a real socket. */
async function answered<T>(
  response: () => Response,
  run: (reach: Reach) => Promise<T>,
): Promise<{ result: T; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const { method, url, headers } = request;
      seen.push({ method, path: new URL(url).pathname, headers, body: await request.text() });
      return response();
    },
  });
  try {
    const baseUrl = `http://127.0.0.1:${server.port}/backend-api`;
    return { result: await run({ fetch, baseUrl, now: captured }), seen };
  } finally {
    await server.stop(true);
  }
}

const renewal = (response: () => Response) =>
  answered(response, (reach) => login.renew('plan-login', JSON.stringify(known), reach));

describe('a renewal', () => {
  test('asks as Codex does and gives the new tokens', async () => {
    const { result, seen } = await renewal(() =>
      Response.json({ access_token: next, refresh_token: 'rt-test-new-2', id_token: 'new-test-id-token' }),
    );
    expect(result.kind === 'renewed' && (JSON.parse(result.secret) as unknown)).toEqual({
      accessToken: next,
      refreshToken: 'rt-test-new-2',
      idToken: 'new-test-id-token',
      accountId: 'account-a',
    });
    const [asked] = seen;
    expect([asked?.method, asked?.path, asked?.headers.get('content-type')]).toEqual([
      'POST',
      '/oauth/token',
      'application/json',
    ]);
    expect(JSON.parse(asked?.body ?? '')).toEqual({
      client_id: 'app_EMoamEEZ73f0CkXaXp7hrann',
      grant_type: 'refresh_token',
      refresh_token: 'rt-test-old-1',
      refresh_reason: 'scheduled',
    });
  });

  test('keeps what the answer does not replace, and counts the seconds where the token does not tell its end', async () => {
    const { result } = await renewal(() => Response.json({ access_token: 'opaque-test-token', expires_in: 1800 }));
    expect(result.kind === 'renewed' && (JSON.parse(result.secret) as unknown)).toEqual({
      ...known,
      accessToken: 'opaque-test-token',
      expiresAt: captured + 1_800_000,
    });
  });

  test.each([
    { expires_in: 0 },
    { expires_in: -1 },
    { expires_in: '3600' },
    { expires_in: 1e300 },
    { id_token: 5 },
    { access_token: `h.${encoded({ exp: 1e300 })}.c2ln` },
  ])('takes the tokens of an answer with %j, which it cannot read', async (odd) => {
    const tokens = { access_token: 'opaque-test-token', refresh_token: 'rt-test-new-2', ...odd };
    const { result } = await renewal(() => Response.json(tokens));
    const kept = result.kind === 'renewed' ? result.secret : '';
    expect(open('plan-login', kept)).toEqual({
      credential: {
        kind: 'plan-login',
        secret: tokens.access_token,
        scope: { 'chatgpt-account-id': known.accountId },
      },
      expiresAt: null,
      renewable: true,
    });
    expect(kept).toContain('rt-test-new-2');
  });

  test.each(['', 'with a space in it', 'x'.repeat(20_000)])(
    'keeps the refresh token where the next one is none that could be kept: %#',
    async (odd) => {
      const { result } = await renewal(() => Response.json({ access_token: next, refresh_token: odd }));
      const kept = result.kind === 'renewed' ? result.secret : '{}';
      expect(JSON.parse(kept)).toMatchObject({ accessToken: next, refreshToken: known.refreshToken });
      expect(open('plan-login', kept).renewable).toBe(true);
    },
  );

  test.each<[string, number, unknown, 'dead' | 'failed']>([
    ['a token that was used before', 401, { error: { code: 'refresh_token_reused', message: 'x' } }, 'dead'],
    ['a token that was revoked', 400, { error: { code: 'refresh_token_invalidated' } }, 'dead'],
    ['a token that is too old', 401, { error: { code: 'refresh_token_expired' } }, 'dead'],
    ['a login that ended', 401, { error: { code: 'token_expired' } }, 'dead'],
    ['an OAuth refusal', 400, { error: 'invalid_grant', error_description: 'x' }, 'dead'],
    ['a code beside the error', 403, { code: 'token_revoked' }, 'dead'],
    ['a wrong request', 400, { error: 'invalid_request' }, 'failed'],
    ['a busy server', 429, { error: { code: 'refresh_token_reused' } }, 'failed'],
    ['a broken server', 500, { error: { code: 'invalid_grant' } }, 'failed'],
    ['a page', 401, '<html>login</html>', 'failed'],
    ['a Cloudflare page', 403, '<html>blocked</html>', 'failed'],
    ['garbage', 200, 'not json', 'failed'],
    ['an answer without a token', 200, { refresh_token: 'rt-test-new-2' }, 'failed'],
    ['an empty token', 200, { access_token: '' }, 'failed'],
  ])('that meets %s', async (...[, status, body, kind]) => {
    const { result } = await renewal(() =>
      typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status }),
    );
    expect(result.kind).toBe(kind);
    expect(JSON.stringify(result)).not.toContain('rt-test');
  });

  test('never follows a redirect with a token in its hands', async () => {
    const { result, seen } = await renewal(
      () => new Response(null, { status: 307, headers: { location: '/elsewhere' } }),
    );
    expect(result.kind).toBe('failed');
    expect(seen.map(({ path }) => path)).toEqual(['/oauth/token']);
  });

  test('that reaches nobody leaves the login as it is', async () => {
    const refused: Reach = {
      fetch: () => Promise.reject(Object.assign(new Error('rt-test-old-1'), { code: 'ECONNREFUSED' })),
      baseUrl: null,
      now: captured,
    };
    const result = await login.renew('plan-login', JSON.stringify(known), refused);
    expect(result).toEqual({ kind: 'failed', detail: 'the token endpoint gave no answer (ECONNREFUSED)' });
  });

  test.each(['', 'rt-test-old-1', JSON.stringify({ ...known, refreshToken: '' })])(
    'without a refresh token asks nobody: %j',
    async (secret) => {
      const { result, seen } = await answered(
        () => Response.json({}),
        (reach) => login.renew('plan-login', secret, reach),
      );
      expect([result.kind, seen.length]).toEqual(['dead', 0]);
    },
  );

  test('asks OpenAI itself where the account has no base URL of its own', async () => {
    const urls: string[] = [];
    const fetch = (url: string) => {
      urls.push(url);
      return Promise.resolve(Response.json({ access_token: next }));
    };
    await login.renew('plan-login', JSON.stringify(known), { fetch, baseUrl: null, now: captured });
    expect(urls).toEqual(['https://auth.openai.com/oauth/token']);
  });
});

describe('the usage endpoint', () => {
  const credential: Credential = {
    kind: 'plan-login',
    secret: 'token-test-a',
    scope: { 'chatgpt-account-id': 'account-a' },
  };
  const read = (response: () => Response) => answered(response, (reach) => usageEndpoint.read(credential, reach));
  const window = (used: number, seconds: number, resetAt: number) => ({
    used_percent: used,
    limit_window_seconds: seconds,
    reset_after_seconds: 60,
    reset_at: resetAt,
  });
  const resetAt = captured / 1000 + 1000.001;
  const usage = (used: number, reached: boolean) => ({
    plan_type: 'plus',
    rate_limit: {
      allowed: !reached,
      limit_reached: reached,
      primary_window: window(used, 18_000, resetAt),
      secondary_window: window(30, 604_800, captured / 1000 - 5),
    },
    additional_rate_limits: [
      { limit_name: 'GPT-5.3-Codex-Spark', metered_feature: 'codex_bengalfox', rate_limit: { primary_window: null } },
    ],
    credits: { has_credits: false },
  });

  test('is asked as the account, and only by a plan', async () => {
    const { seen } = await read(() => Response.json(usage(10, false)));
    const [asked] = seen;
    expect([asked?.method, asked?.path]).toEqual(['GET', '/backend-api/wham/usage']);
    expect(asked?.headers.get('authorization')).toBe('Bearer token-test-a');
    expect(asked?.headers.get('chatgpt-account-id')).toBe('account-a');
    expect([usageEndpoint.covers('plan-login'), usageEndpoint.covers('api-key')]).toEqual([true, false]);
  });

  test('says what is open', async () => {
    const { result } = await read(() => Response.json(usage(10, false)));
    expect(result).toEqual({
      kind: 'known',
      signals: [
        { kind: 'reading', window: 'five_hour', family: null, utilization: 0.1, resetsAt: captured + 1_000_001 },
        { kind: 'open', window: 'five_hour', family: null },
        { kind: 'reading', window: 'seven_day', family: null, utilization: 0.3, resetsAt: captured + 60_000 },
        { kind: 'open', window: 'seven_day', family: null },
        { kind: 'open', window: 'usage_limit', family: null },
      ],
    });
  });

  test('says what is closed', async () => {
    const { result } = await read(() => Response.json(usage(100, true)));
    expect(result.kind === 'known' && result.signals.filter((each) => each.kind === 'closed')).toEqual([
      {
        kind: 'closed',
        window: 'five_hour',
        family: null,
        overage: false,
        until: captured + 1_000_001,
        evidence: 'The usage endpoint says that the limit is reached',
      },
    ]);
  });

  test('closes nothing for a percentage alone', async () => {
    const { result } = await read(() => Response.json(usage(100, false)));
    expect(result.kind === 'known' && result.signals.some((each) => each.kind === 'closed')).toBe(false);
  });

  test.each<[string, () => Response, number | null]>([
    ['a 429 with a time', () => new Response('', { status: 429, headers: { 'retry-after': '300' } }), 300_000],
    ['a 429', () => new Response('', { status: 429 }), null],
    ['a 401', () => Response.json({ detail: 'x' }, { status: 401 }), null],
    ['a page', () => new Response('<html>'), null],
    ['a form of next year', () => Response.json({ rate_limit: 5 }), null],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: '/login' } }), null],
  ])('that answers with %s knows nothing', async (_, response, retryAfterMs) => {
    const { result } = await read(response);
    expect(result).toMatchObject({ kind: 'unknown', retryAfterMs });
  });

  test('that cannot be reached knows nothing', async () => {
    const reach: Reach = { fetch: () => Promise.reject(new Error('no route')), baseUrl: null, now: captured };
    expect(await usageEndpoint.read(credential, reach)).toEqual({
      kind: 'unknown',
      detail: 'the usage endpoint gave no answer (no connection)',
      retryAfterMs: null,
    });
  });
});
