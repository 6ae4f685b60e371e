import { createPrivateKey, createSign } from 'node:crypto';
import { z } from 'zod';
import { secondMs, type EpochMs } from '../../core/time.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Reach, Renewal } from '../provider.ts';
import { excerptOf } from './error.ts';

/** The key file of a service account. https://cloud.google.com/iam/docs/keys-create-delete */
const keyFile = z.looseObject({
  type: z.literal('service_account'),
  client_email: z.string().min(1).max(320),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  project_id: z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/),
  token_uri: z.url({ protocol: /^https?$/ }).default('https://oauth2.googleapis.com/token'),
});
type KeyFile = z.infer<typeof keyFile>;

const wrapped = z.object({
  serviceAccount: keyFile,
  location: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .default('us-central1'),
  accessToken: z.string().default(''),
  expiresAt: z.number().default(0),
});

/** A service account as the vault holds it: the key file alone, or ours around it with the last access token. */
export type ServiceAccount = z.infer<typeof wrapped>;

/** Reads either form; null for anything else. */
export function readServiceAccount(secret: string): ServiceAccount | null {
  const value = parseJson(secret);
  const ours = wrapped.safeParse(value);
  if (ours.success) return ours.data;
  const alone = wrapped.safeParse({ serviceAccount: value });
  return alone.success ? alone.data : null;
}

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Trades a signed assertion for an access token: the private key stays here. https://developers.google.com/identity/protocols/oauth2/service-account */
export async function renewServiceAccount(secret: string, { fetch, baseUrl, now }: Reach): Promise<Renewal> {
  const account = readServiceAccount(secret);
  if (account === null) return { kind: 'dead', evidence: 'the key file of the service account cannot be read' };
  const url = baseUrl === null ? account.serviceAccount.token_uri : `${new URL(baseUrl).origin}/token`;
  const assertion = sign(account.serviceAccount, url, now);
  if (assertion === null) return { kind: 'dead', evidence: 'the private key of the service account cannot be read' };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({ grant_type: grant, assertion }).toString(),
  });
  return judge(account, { status: response.status, body: parseJson(await response.text()) }, now);
}

const granted = z.looseObject({ access_token: z.string().min(1), expires_in: z.number().positive() });
const refused = z.looseObject({ error: z.string(), error_description: z.string().default('') });

function judge(account: ServiceAccount, { status, body }: { status: number; body: unknown }, now: EpochMs): Renewal {
  const token = granted.safeParse(body);
  if (status === 200 && token.success) {
    const { access_token: accessToken, expires_in: expiresIn } = token.data;
    const renewed: ServiceAccount = { ...account, accessToken, expiresAt: now + expiresIn * secondMs };
    return { kind: 'renewed', secret: JSON.stringify(renewed) };
  }
  const refusal = refused.safeParse(body);
  if (!refusal.success) return { kind: 'failed', detail: `the token endpoint answered HTTP ${status}` };
  const { error, error_description: description } = refusal.data;
  const words = excerptOf(description === '' ? error : `${error}: ${description}`);
  // "Invalid JWT: Token must be a short-lived token … Check your iat and exp values": a wrong clock, not a dead key.
  if (status >= 500 || /\biat\b|reasonable timeframe/i.test(description)) return { kind: 'failed', detail: words };
  const over = ['invalid_grant', 'invalid_client', 'unauthorized_client', 'disabled_client', 'deleted_client'];
  return over.includes(error) ? { kind: 'dead', evidence: words } : { kind: 'failed', detail: words };
}

const lifetimeSeconds = 3600;

function sign(key: KeyFile, audience: string, now: EpochMs): string | null {
  const issuedAt = Math.floor(now / secondMs);
  const claims = { iss: key.client_email, scope, aud: audience, iat: issuedAt, exp: issuedAt + lifetimeSeconds };
  const unsigned = `${encode({ alg: 'RS256', typ: 'JWT', kid: key.private_key_id })}.${encode(claims)}`;
  try {
    const signature = createSign('RSA-SHA256').update(unsigned).sign(createPrivateKey(key.private_key));
    return `${unsigned}.${signature.toString('base64url')}`;
  } catch {
    return null;
  }
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
