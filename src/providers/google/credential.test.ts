import { describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { createVerify } from 'node:crypto';
import { captured } from '../../../test/builders.ts';
import { Problem } from '../../core/problem.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Fetch, Renewal } from '../provider.ts';
import { open, recognise } from './credential.ts';
import { renewServiceAccount } from './service-account.ts';

const now = captured;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keyFile = {
  type: 'service_account',
  client_email: 'stint@ours.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  private_key_id: 'test',
  project_id: 'ours',
  token_uri: 'https://oauth2.googleapis.com/token',
};
const alone = JSON.stringify(keyFile, null, 2);
const wrapped = JSON.stringify({ serviceAccount: keyFile, location: 'global' });

describe('a secret of Google', () => {
  test.each([
    ['AIza-test-0123456789', 'api-key'],
    ['AQ.test-0123456789', 'api-key'],
    [alone, 'service-account'],
    [wrapped, 'service-account'],
    [`${alone}\n`, 'service-account'],
  ])('%j is known', (secret, kind) => {
    expect(recognise(secret)).toBe(kind as never);
  });

  test.each([
    ['ya29.test-0123', /Google login/, /stint account login gemini/],
    ['1//test-0123', /Google login/, /stint account login gemini/],
    ['{"access_token":"ya29.test","refresh_token":"1//test"}', /Google login/, /stint account login gemini/],
    ['{"type":"authorized_user","refresh_token":"1//test"}', /Google login/, /stint account login gemini/],
    ['{"type":"service_account"}', /not the key file/, /API key/],
    [JSON.stringify({ ...keyFile, project_id: '../x' }), /not the key file/, /API key/],
    [JSON.stringify({ serviceAccount: keyFile, location: 'evil.example/' }), /not the key file/, /API key/],
    ['{', /cannot be read/, /API key/],
    ['short', /does not look like/, /API key/],
    ['two words of it', /does not look like/, /API key/],
  ])('%j is refused and not repeated', (secret, message, hint) => {
    const problem = recognise(secret);
    if (!(problem instanceof Problem)) throw new Error('it was taken');
    expect(problem.message).toMatch(message);
    expect(problem.hint).toMatch(hint);
    expect(`${problem.message} ${problem.hint}`).not.toContain('test');
  });

  test('that is a key is used as it is', () => {
    expect(open('api-key', 'AIza-test-0123456789')).toEqual({
      credential: { kind: 'api-key', secret: 'AIza-test-0123456789', scope: {} },
      expiresAt: null,
      renewable: false,
    });
  });

  test.each([
    [alone, 'us-central1'],
    [wrapped, 'global'],
  ])('that is a key file is expired before its first use', (secret, location) => {
    expect(open('service-account', secret)).toEqual({
      credential: { kind: 'service-account', secret: '', scope: { project: 'ours', location } },
      expiresAt: 0,
      renewable: true,
    });
  });
});

type Sent = { readonly url: string; readonly body: URLSearchParams };

async function renew(
  secret: string,
  reply: Response,
  baseUrl: string | null = null,
): Promise<{ renewal: Renewal; sent: Sent[] }> {
  const sent: Sent[] = [];
  const fetch: Fetch = async (url, { body }) => {
    sent.push({ url, body: new URLSearchParams(body as string) });
    return reply;
  };
  return { renewal: await renewServiceAccount(secret, { fetch, baseUrl, now }), sent };
}

function granted(): Response {
  return Response.json({ access_token: 'ya29.test-new', expires_in: 3599, token_type: 'Bearer' });
}

describe('the access token of a service account', () => {
  test.each([
    [alone, 'us-central1'],
    [wrapped, 'global'],
  ])('is kept beside its key file', async (secret, location) => {
    const { renewal } = await renew(secret, granted());
    if (renewal.kind !== 'renewed') throw new Error(renewal.kind);
    const opened = open('service-account', renewal.secret);
    expect(opened.credential).toEqual({
      kind: 'service-account',
      secret: 'ya29.test-new',
      scope: { project: 'ours', location },
    });
    expect(opened.expiresAt).toBe(now + 3_599_000);
    expect((await renew(renewal.secret, granted())).renewal.kind).toBe('renewed');
  });

  test('is asked for with a signature, and without the private key', async () => {
    const { sent } = await renew(alone, granted());
    expect(sent).toHaveLength(1);
    const { url, body } = sent[0] as Sent;
    expect(url).toBe('https://oauth2.googleapis.com/token');
    expect(body.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    expect([...body.keys()]).toEqual(['grant_type', 'assertion']);
    const [header = '', claims = '', signature = ''] = (body.get('assertion') ?? '').split('.');
    const decoded = [header, claims].map((part) => parseJson(Buffer.from(part, 'base64url').toString()));
    const iat = Math.floor(now / 1000);
    expect(decoded).toEqual([
      { alg: 'RS256', typ: 'JWT', kid: 'test' },
      {
        iss: keyFile.client_email,
        scope: 'https://www.googleapis.com/auth/cloud-platform',
        aud: 'https://oauth2.googleapis.com/token',
        iat,
        exp: iat + 3600,
      },
    ]);
    const signed = createVerify('RSA-SHA256').update(`${header}.${claims}`);
    expect(signed.verify(publicKey, signature, 'base64url')).toBe(true);
  });

  test('is asked for at the account’s own base URL where it has one', async () => {
    const { sent } = await renew(alone, granted(), 'http://127.0.0.1:9/prefix');
    expect(sent[0]?.url).toBe('http://127.0.0.1:9/token');
  });

  test.each([
    [400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }, 'dead'],
    [400, { error: 'invalid_grant', error_description: 'Invalid grant: account not found' }, 'dead'],
    [401, { error: 'invalid_client' }, 'dead'],
    [
      400,
      {
        error: 'invalid_grant',
        error_description:
          'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      },
      'failed',
    ],
    [400, { error: 'invalid_scope' }, 'failed'],
    [503, { error: 'invalid_grant' }, 'failed'],
    [500, 'no', 'failed'],
    [200, {}, 'failed'],
    [200, { access_token: 'ya29.test', expires_in: '1' }, 'failed'],
  ])('%d %j makes the login %s', async (status, body, kind) => {
    expect((await renew(alone, Response.json(body, { status }))).renewal.kind).toBe(kind as Renewal['kind']);
  });

  test.each([['{}'], [JSON.stringify({ ...keyFile, private_key: 'no key' })]])(
    'is over where %j cannot sign',
    async (secret) => {
      const { renewal, sent } = await renew(secret, granted());
      expect(renewal.kind).toBe('dead');
      expect(sent).toEqual([]);
    },
  );
});
