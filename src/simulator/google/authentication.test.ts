import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { ask, type Fixture, keySecret, loginSecret, startedAt, startFixture } from './request-fixture.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const clientEmail = 'robot@shop.iam.gserviceaccount.com';
const scenario = {
  credentials: [
    { secret: keySecret, name: 'key' },
    { secret: loginSecret, name: 'login', project: 'own-login', refreshToken: '1//test-refresh' },
    { name: 'robot', project: 'shop', serviceAccount: { clientEmail, publicKey } },
  ],
};

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture({ scenario });
});
afterEach(() => fixture.simulator.stop());

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function assertion(claims: object = {}, header: object = { alg: 'RS256', typ: 'JWT' }): string {
  const iat = startedAt / 1000;
  const standard = { iss: clientEmail, aud: 'https://oauth2.googleapis.com/token', iat, exp: iat + 3600 };
  const signed = `${encoded(header)}.${encoded({ ...standard, ...claims })}`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`;
}

async function exchange(jwt: string, grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'): Promise<unknown> {
  const body = new URLSearchParams({ grant_type: grantType, assertion: jwt });
  const response = await fetch(`${fixture.simulator.url}/token`, { method: 'POST', body });
  return { status: response.status, ...((await response.json()) as object) };
}

async function newToken(): Promise<string> {
  return ((await exchange(assertion())) as { access_token: string }).access_token;
}

const vertex = (project: string): string =>
  `/v1/projects/${project}/locations/us-central1/publishers/google/models/gemini-2.5-pro:generateContent`;

const body = '{"contents":[{"parts":[{"text":"hi"}]}]}';

async function post(path: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${fixture.simulator.url}${path}`, { method: 'POST', headers, body });
}

function askVertex(token: string, project = 'shop'): Promise<Response> {
  return post(vertex(project), { authorization: `Bearer ${token}` });
}

async function errorOf(response: Response): Promise<unknown> {
  const { error } = (await response.json()) as { error: { code: number; details?: { reason?: string }[] } };
  return [error.code, error.details?.[0]?.reason];
}

const generate = '/v1beta/models/gemini-2.5-pro:generateContent';

describe('API key', () => {
  test('is taken from the query too', async () => {
    const seen = fixture.simulator.nextRequest();
    expect((await post(`${generate}?key=${keySecret}`, {})).status).toBe(200);
    expect(await seen).toMatchObject({ credential: 'key', query: 'key=(removed)' });
  });

  test.each<[string, string, Record<string, string>, unknown[]]>([
    ['an unknown one', generate, { 'x-goog-api-key': 'AIza-test-unknown' }, [400, 'API_KEY_INVALID']],
    ['none', generate, {}, [403, undefined]],
    [
      'one for Code Assist',
      '/v1internal:generateContent',
      { 'x-goog-api-key': keySecret },
      [401, 'CREDENTIALS_MISSING'],
    ],
    ['one for a project of Vertex AI', vertex('shop'), { 'x-goog-api-key': keySecret }, [401, 'CREDENTIALS_MISSING']],
    ["a login's token", generate, { authorization: `Bearer ${loginSecret}` }, [403, undefined]],
    ['a key as a token', generate, { authorization: `Bearer ${keySecret}` }, [401, 'ACCESS_TOKEN_TYPE_UNSUPPORTED']],
  ])('%s is refused', async (...[, path, headers, error]) => {
    expect(await errorOf(await post(path, headers))).toEqual(error);
  });

  test('is refused when it was revoked or has expired', async () => {
    const { simulator } = fixture;
    simulator.changeCredential('key', { expiresAt: startedAt });
    expect(await (await ask(simulator)).text()).toContain('API key expired. Please renew the API key.');
    simulator.changeCredential('key', { expiresAt: null, revoked: true });
    expect(await errorOf(await ask(simulator))).toEqual([400, 'API_KEY_INVALID']);
  });
});

describe('Google login', () => {
  test('is refused when its token has expired', async () => {
    const { simulator, clock } = fixture;
    simulator.changeCredential('login', { expiresAt: startedAt + 1000 });
    expect((await ask(simulator, { secret: loginSecret })).status).toBe(200);
    clock.now += 1000;
    expect(await errorOf(await ask(simulator, { secret: loginSecret }))).toEqual([401, 'ACCESS_TOKEN_EXPIRED']);
  });

  test('may use the project of its own account only', async () => {
    const headers = { authorization: `Bearer ${loginSecret}` };
    const answers = ['own-login', 'another'].map(async (project) => {
      const body = JSON.stringify({ model: 'gemini-2.5-pro', project, request: { contents: [{ parts: [] }] } });
      const url = `${fixture.simulator.url}/v1internal:generateContent`;
      return (await fetch(url, { method: 'POST', headers, body })).status;
    });
    expect(await Promise.all(answers)).toEqual([200, 403]);
  });
});

describe('tokens of a Google login', () => {
  const refresh = async (refreshToken: string): Promise<unknown> => {
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
    return (await fetch(`${fixture.simulator.url}/token`, { method: 'POST', body: form })).json();
  };
  const about = async (path: string, token: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    const method = path === '/tokeninfo' ? 'POST' : 'GET';
    return (await fetch(`${fixture.simulator.url}${path}`, { method, headers })).json();
  };

  test('are renewed any number of times', async () => {
    const tokens = [await refresh('1//test-refresh'), await refresh('1//test-refresh')];
    const token = { access_token: expect.stringMatching(/^ya29\.test-/), expires_in: 3599, scope: expect.any(String) };
    expect(tokens).toMatchObject([token, token]);
    const { access_token: secret } = tokens[1] as { access_token: string };
    expect((await ask(fixture.simulator, { secret })).status).toBe(200);
  });

  test('are not renewed for a login that is dead', async () => {
    const dead = { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' };
    expect(await refresh('1//test-unknown')).toEqual(dead);
    fixture.simulator.changeCredential('login', { revoked: true });
    expect(await refresh('1//test-refresh')).toEqual(dead);
  });

  test('tell whose they are', async () => {
    const email = 'login@example.com';
    expect(await about('/tokeninfo', loginSecret)).toMatchObject({ email, scope: expect.any(String) });
    expect(await about('/oauth2/v2/userinfo', loginSecret)).toMatchObject({ email });
    expect(await about('/tokeninfo', 'ya29.test-unknown')).toMatchObject({ error: 'invalid_token' });
  });
});

describe('service account', () => {
  test('gets a token that Vertex AI takes until it expires', async () => {
    const { clock, simulator } = fixture;
    const token = await newToken();
    expect(token).toStartWith('ya29.test-');
    expect((await askVertex(token)).status).toBe(200);
    expect(simulator.requests.map(({ credential, path }) => [credential, path])).toEqual([
      ['robot', '/token'],
      ['robot', vertex('shop')],
    ]);
    clock.now += 3_599_000;
    expect(await errorOf(await askVertex(token))).toEqual([401, 'ACCESS_TOKEN_EXPIRED']);
  });

  test('loses its tokens when asked to, and gets new ones', async () => {
    const token = await newToken();
    fixture.simulator.changeCredential('robot', { tokensExpired: true });
    expect(await errorOf(await askVertex(token))).toEqual([401, 'ACCESS_TOKEN_EXPIRED']);
    expect((await askVertex(await newToken())).status).toBe(200);
  });

  test('is refused for a project that is not its own', async () => {
    expect(await errorOf(await askVertex(await newToken(), 'another'))).toEqual([403, 'CONSUMER_INVALID']);
  });

  test.each([
    ['another key', assertion().replace(/[^.]+$/, 'AAAA'), 'Invalid JWT Signature.'],
    ['another account', assertion({ iss: 'x@y.z' }), 'Invalid grant: account not found'],
    ['another algorithm', assertion({}, { alg: 'none' }), 'Invalid JWT: Failed JWT parsing.'],
    ['no assertion', 'x', 'Invalid JWT: Failed JWT parsing.'],
    ['another audience', assertion({ aud: 'https://x' }), 'Invalid JWT: Failed audience check.'],
    ['a long life', assertion({ exp: startedAt / 1000 + 7200 }), /short-lived token/],
    ['an assertion of yesterday', assertion({ iat: 1, exp: 3601 }), /short-lived token/],
  ])('%s is refused', async (_, jwt, description) => {
    expect(await exchange(jwt)).toEqual({
      status: 400,
      error: 'invalid_grant',
      error_description: expect.stringMatching(description),
    });
  });

  test('another grant is not supported', async () => {
    expect(await exchange(assertion(), 'password')).toMatchObject({ status: 400, error: 'unsupported_grant_type' });
  });

  test('a fault may meet the token endpoint', async () => {
    fixture.simulator.inject({ kind: 'unavailable', path: 'token', credential: 'robot' });
    expect(await exchange(assertion())).toMatchObject({ status: 503 });
    expect(await exchange(assertion())).toMatchObject({ status: 200, expires_in: 3599, token_type: 'Bearer' });
  });
});
