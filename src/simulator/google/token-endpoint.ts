import { createVerify } from 'node:crypto';
import { z } from 'zod';
import type { Exchange } from '../http/exchange.ts';
import { sendJson } from '../provider/encoded-body.ts';
import type { Credential } from './credential.ts';
import type { GoogleState } from './state.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const longestLifeSeconds = 3600;
/** What the clocks of client and provider may differ. */
const skewSeconds = 300;

const headerSchema = z.looseObject({ alg: z.literal('RS256') });
const claimsSchema = z.looseObject({ iss: z.string(), aud: z.string(), iat: z.number(), exp: z.number() });

interface Assertion {
  readonly claims: z.infer<typeof claimsSchema>;
  readonly signed: string;
  readonly signature: Buffer;
}

/** The credential that a body of the token endpoint names; null for none that the scenario has. */
export function credentialOfAssertion(exchange: Exchange, { credentials }: GoogleState): Credential | null {
  const assertion = parseAssertion(formOf(exchange).get('assertion') ?? '');
  return credentials.find(({ serviceAccount }) => serviceAccount?.clientEmail === assertion?.claims.iss) ?? null;
}

/** Exchanges a service account's signed assertion for an access token: https://developers.google.com/identity/protocols/oauth2/service-account. */
export function handleToken(exchange: Exchange, state: GoogleState): void {
  const form = formOf(exchange);
  const grantType = form.get('grant_type') ?? '';
  if (grantType !== jwtBearer) {
    sendRefusal(exchange, 'unsupported_grant_type', `Invalid grant_type: ${grantType}`);
    return;
  }
  const assertion = parseAssertion(form.get('assertion') ?? '');
  const credential = credentialOfAssertion(exchange, state);
  const problem = problemWith(assertion, credential, state.now());
  if (credential?.serviceAccount === undefined || problem !== undefined) {
    sendRefusal(exchange, 'invalid_grant', problem ?? accountNotFound);
    return;
  }
  const { tokenLifetimeSeconds } = credential.serviceAccount;
  const token = `ya29.test-${state.nextId()}`;
  credential.tokens.set(token, state.now() + tokenLifetimeSeconds * 1000);
  sendJson(exchange, { body: { access_token: token, expires_in: tokenLifetimeSeconds, token_type: 'Bearer' } });
}

const accountNotFound = 'Invalid grant: account not found';

function problemWith(assertion: Assertion | undefined, credential: Credential | null, now: number): string | undefined {
  if (assertion === undefined) return 'Invalid JWT: Failed JWT parsing.';
  if (credential?.serviceAccount === undefined || credential.revoked) return accountNotFound;
  const verifier = createVerify('RSA-SHA256').update(assertion.signed);
  if (!verifier.verify(credential.serviceAccount.publicKey, assertion.signature)) return 'Invalid JWT Signature.';
  const { aud, iat, exp } = assertion.claims;
  if (!aud.endsWith('/token')) return 'Invalid JWT: Failed audience check.';
  const nowSeconds = now / 1000;
  const inTime = exp - iat <= longestLifeSeconds && iat <= nowSeconds + skewSeconds && exp > nowSeconds - skewSeconds;
  if (inTime) return undefined;
  return 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.';
}

function parseAssertion(text: string): Assertion | undefined {
  const [header = '', payload = '', signature = ''] = text.split('.');
  const claims = claimsSchema.safeParse(decoded(payload));
  if (!headerSchema.safeParse(decoded(header)).success || !claims.success) return undefined;
  return { claims: claims.data, signed: `${header}.${payload}`, signature: Buffer.from(signature, 'base64url') };
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function formOf(exchange: Exchange): URLSearchParams {
  return new URLSearchParams(exchange.request.body.toString());
}

function sendRefusal(exchange: Exchange, error: string, description: string): void {
  sendJson(exchange, { status: 400, body: { error, error_description: description } });
}
