import type { HttpRequest } from '../http/request-reader.ts';
import type { Credential } from './credential.ts';
import type { ErrorAnswer } from './error-answer.ts';
import {
  expiredToken,
  invalidBearer,
  invalidKey,
  invalidRequest,
  missingKey,
  oauthNotSupported,
  revokedToken,
} from './known-error.ts';

const oauthBeta = 'oauth-2025-04-20';

export type Authentication =
  | { readonly kind: 'known'; readonly credential: Credential }
  | { readonly kind: 'refused'; readonly credential: Credential | null; readonly answer: ErrorAnswer };

/** Finds whose request it is, and refuses a known secret that comes in another kind's form. */
export function authenticate(
  request: HttpRequest,
  credentials: Pick<ReadonlyMap<string, Credential>, 'get'>,
  now: number,
): Authentication {
  const key = request.headers['x-api-key'];
  const bearer = bearerToken(request.headers['authorization']);
  const credential = credentials.get(key ?? bearer ?? '') ?? null;
  const presented = { credential, byKey: key !== undefined, token: bearer, request, now };
  const answer = problemWith(presented);
  if (credential === null || answer !== undefined) {
    return { kind: 'refused', credential, answer: answer ?? missingKey };
  }
  return { kind: 'known', credential };
}

interface Presented {
  readonly credential: Credential | null;
  readonly byKey: boolean;
  readonly token: string | undefined;
  readonly request: HttpRequest;
  readonly now: number;
}

function problemWith({ credential, byKey, token, request, now }: Presented): ErrorAnswer | undefined {
  const { headers } = request;
  if (!byKey && headers['authorization'] === undefined) return missingKey;
  const unknown = byKey ? invalidKey : invalidBearer;
  if (credential === null) return unknown;
  const hasOauthBeta = (headers['anthropic-beta'] ?? '').split(',').some((beta) => beta.trim() === oauthBeta);
  if (credential.kind === 'oauth') {
    if (byKey) return invalidKey;
    if (!hasOauthBeta) return oauthNotSupported;
  }
  if (credential.kind === 'api_key') {
    if (!byKey) return invalidBearer;
    if (hasOauthBeta) return betaNeedsOauth;
  }
  if (credential.revoked) return credential.kind === 'oauth' ? revokedToken : unknown;
  if (credential.expiresAt !== undefined && now >= credential.expiresAt) {
    return credential.kind === 'oauth' ? expiredToken : unknown;
  }
  return credential.login?.standing(token ?? '', now) === 'expired' ? expiredToken : undefined;
}

const betaNeedsOauth = invalidRequest(`The beta ${oauthBeta} cannot be used with an API key.`);

function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^bearer +(\S+)$/i.exec(header)?.[1];
}
