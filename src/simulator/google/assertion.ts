import { createVerify } from 'node:crypto';
import { z } from 'zod';
import type { Credential } from './credential.ts';

const longestLifeSeconds = 3600;
/** What the clocks of client and provider may differ. */
const skewSeconds = 300;

const headerSchema = z.looseObject({ alg: z.literal('RS256') });
const claimsSchema = z.looseObject({ iss: z.string(), aud: z.string(), iat: z.number(), exp: z.number() });

/** A service account's signed statement that it asks for a token: https://developers.google.com/identity/protocols/oauth2/service-account. */
export interface Assertion {
  readonly claims: z.infer<typeof claimsSchema>;
  readonly signed: string;
  readonly signature: Buffer;
}

/** Reads an assertion without trusting it; undefined for what is none. */
export function parseAssertion(text: string): Assertion | undefined {
  const [header = '', payload = '', signature = ''] = text.split('.');
  const claims = claimsSchema.safeParse(decoded(payload));
  if (!headerSchema.safeParse(decoded(header)).success || !claims.success) return undefined;
  return { claims: claims.data, signed: `${header}.${payload}`, signature: Buffer.from(signature, 'base64url') };
}

/** Says, in the provider's words, why the assertion gets no token. */
export function problemWithAssertion(
  assertion: Assertion | undefined,
  credential: Credential | null,
  now: number,
): string | undefined {
  if (assertion === undefined) return 'Invalid JWT: Failed JWT parsing.';
  if (credential?.serviceAccount === undefined || credential.revoked) return 'Invalid grant: account not found';
  const verifier = createVerify('RSA-SHA256').update(assertion.signed);
  if (!verifier.verify(credential.serviceAccount.publicKey, assertion.signature)) return 'Invalid JWT Signature.';
  const { aud, iat, exp } = assertion.claims;
  if (!aud.endsWith('/token')) return 'Invalid JWT: Failed audience check.';
  const nowSeconds = now / 1000;
  const inTime = exp - iat <= longestLifeSeconds && iat <= nowSeconds + skewSeconds && exp > nowSeconds - skewSeconds;
  if (inTime) return undefined;
  return 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.';
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return undefined;
  }
}
