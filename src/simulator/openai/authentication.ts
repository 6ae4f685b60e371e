import type { HttpRequest } from '../http/request-reader.ts';
import type { Credential, KeyCredential, PlanCredential } from './credential.ts';
import type { ErrorAnswer } from './error-answer.ts';
import {
  foreignAccount,
  invalidKey,
  mismatched,
  missingKey,
  missingScopes,
  tokenExpired,
  tokenInvalidated,
  unauthorized,
} from './known-error.ts';

/** Which of the two servers a path belongs to: the API, or the backend of ChatGPT's plans. */
export type Plane = 'api' | 'backend';

export type Authentication =
  | { readonly kind: 'known'; readonly credential: Credential }
  | { readonly kind: 'refused'; readonly credential: Credential | null; readonly answer: ErrorAnswer };

interface Asked {
  readonly plane: Plane;
  readonly credentials: readonly Credential[];
  readonly now: number;
}

/** Finds whose request it is; a secret of the wrong kind, or with another account's id, is refused. */
export function authenticate({ headers }: HttpRequest, { plane, credentials, now }: Asked): Authentication {
  const secret = /^bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
  if (secret === undefined) return refused(null, plane === 'api' ? missingKey : unauthorized);
  const key = credentials.find((credential) => credential.kind === 'api_key' && credential.secret === secret);
  if (key?.kind === 'api_key') {
    return plane === 'api' ? withKey(key, headers) : refused(key, unauthorized);
  }
  const plan = credentials.find(
    (credential) => credential.kind === 'plan' && credential.login.standing(secret, now) !== undefined,
  );
  if (plan?.kind === 'plan') {
    return plane === 'api' ? refused(plan, missingScopes) : withToken(plan, { headers, secret, now });
  }
  return refused(null, plane === 'api' ? invalidKey(secret) : tokenInvalidated);
}

function withKey(credential: KeyCredential, headers: HttpRequest['headers']): Authentication {
  if (credential.revoked) return refused(credential, invalidKey(credential.secret));
  const { 'openai-organization': organization, 'openai-project': project } = headers;
  if (organization !== undefined && organization !== credential.organization) {
    return refused(credential, mismatched('Organization'));
  }
  if (project !== undefined && project !== credential.project) return refused(credential, mismatched('Project'));
  return { kind: 'known', credential };
}

function withToken(
  credential: PlanCredential,
  { headers, secret, now }: { headers: HttpRequest['headers']; secret: string; now: number },
): Authentication {
  const standing = credential.login.standing(secret, now);
  if (credential.revoked || standing === 'revoked') return refused(credential, tokenInvalidated);
  if (standing === 'expired') return refused(credential, tokenExpired);
  const accountId = headers['chatgpt-account-id'];
  if (accountId !== undefined && accountId !== credential.accountId) return refused(credential, foreignAccount);
  return { kind: 'known', credential };
}

function refused(credential: Credential | null, answer: ErrorAnswer): Authentication {
  return { kind: 'refused', credential, answer };
}
