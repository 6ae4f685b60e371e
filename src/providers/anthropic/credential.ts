import { Problem } from '../../core/problem.ts';
import type { Credential, OpenedSecret } from '../provider.ts';
import { loginKind, openLogin, parseLogin } from './login.ts';

const oauthBeta = 'oauth-2025-04-20';

export const secretForms = 'an API key (sk-ant-api…) or a setup token from `claude setup-token` (sk-ant-oat…)';

/** The kinds whose secret is sent as an OAuth token. */
const tokenKinds: readonly string[] = ['setup-token', loginKind];

/** The kind of a secret by its form. Anything that no form excludes is an API key: compatible vendors have their own. */
export function recognise(secret: string): 'api-key' | 'setup-token' | typeof loginKind | Problem {
  if (parseLogin(secret) !== null) return loginKind;
  if (/^sk-ant-ort\d\d-/.test(secret)) return unusable('That is a refresh token, which only its own login can use.');
  if (/^sk-ant-sid\d\d-/.test(secret))
    return unusable('That is the cookie of a browser session, not a credential of the API.');
  if (/^sk-ant-admin\d\d-/.test(secret)) return unusable('That is an admin key, which the Messages API does not take.');
  if (!/^[\x21-\x7e]{8,512}$/.test(secret) || secret.startsWith('{')) {
    return unusable('That does not look like a credential: it must be one word of 8 to 512 plain characters.');
  }
  return /^sk-ant-oat\d\d-/.test(secret) ? 'setup-token' : 'api-key';
}

export function open(kind: string, secret: string): OpenedSecret {
  if (kind === loginKind) return openLogin(secret);
  return { credential: { kind, secret, scope: {} }, expiresAt: null, renewable: false };
}

function unusable(message: string): Problem {
  return new Problem('invalid', message, { hint: `Give ${secretForms}.` });
}

/** The token of a request, from either of the two headers that Anthropic's clients use. */
export function phantomOf(headers: Headers): string | null {
  const authorization = headers.get('authorization');
  if (authorization !== null && authorization.length > 7 && authorization.slice(0, 7).toLowerCase() === 'bearer ') {
    return authorization.slice(7).trim();
  }
  return headers.get('x-api-key');
}

/**
 * Puts the account's credential in. An OAuth token needs the OAuth beta, which Claude Code does not send towards a
 * gateway; a key is refused with it. The client's other betas stay.
 */
export function authorize(headers: Headers, credential: Credential): void {
  headers.delete('anthropic-organization-id');
  headers.delete('anthropic-workspace-id');
  const betas = headers.get('anthropic-beta');
  if (tokenKinds.includes(credential.kind)) {
    headers.delete('x-api-key');
    headers.set('authorization', `Bearer ${credential.secret}`);
    if (betas === null || betas.trim() === '') headers.set('anthropic-beta', oauthBeta);
    else if (!betas.includes(oauthBeta)) headers.set('anthropic-beta', `${betas},${oauthBeta}`);
    return;
  }
  headers.delete('authorization');
  headers.set('x-api-key', credential.secret);
  if (betas?.includes(oauthBeta)) setBetas(headers, betas);
}

function setBetas(headers: Headers, betas: string): void {
  const kept = betas
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== oauthBeta);
  if (kept.length === 0) headers.delete('anthropic-beta');
  else headers.set('anthropic-beta', kept.join(','));
}
