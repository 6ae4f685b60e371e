import { Problem } from '../../core/problem.ts';
import type { Credential, OpenedSecret } from '../provider.ts';
import { expiryOf, parsePlanLogin } from './plan-login.ts';

export const apiKey = 'api-key';
export const planLogin = 'plan-login';

export const secretForms = 'an API key (sk-…) or the auth.json of a ChatGPT plan that `codex login` wrote';

/** The kind of a secret by its form. Any other word is an API key: compatible vendors have their own. */
export function recognise(secret: string): string | Problem {
  if (secret.trimStart().startsWith('{')) {
    const login = parsePlanLogin(secret);
    return login instanceof Problem ? login : planLogin;
  }
  if (secret.startsWith('sess-')) return unusable('That is the key of a browser session, not a credential of the API.');
  if (secret.startsWith('sk-admin-')) return unusable('That is an admin key, which cannot ask models.');
  if (/^rt[._-]/.test(secret)) return unusable('That is a refresh token alone, without the login it belongs to.');
  if (/^eyJ[\w-]+\.[\w-]+\./.test(secret)) return unusable('That is a token alone, without the login it belongs to.');
  if (!/^[\x21-\x7e]{8,512}$/.test(secret)) {
    return unusable('That does not look like a credential: it must be one word of 8 to 512 plain characters.');
  }
  return apiKey;
}

function unusable(message: string): Problem {
  return new Problem('invalid', message, { hint: `Give ${secretForms}.` });
}

export function open(kind: string, secret: string): OpenedSecret {
  if (kind !== planLogin) return { credential: { kind, secret, scope: {} }, expiresAt: null, renewable: false };
  const login = parsePlanLogin(secret);
  // Nothing that `recognise` took comes here; an empty token is refused by the provider like any dead one.
  if (login instanceof Problem)
    return { credential: { kind, secret: '', scope: {} }, expiresAt: null, renewable: false };
  const scope = { 'chatgpt-account-id': login.accountId };
  const credential = { kind, secret: login.accessToken, scope };
  return { credential, expiresAt: expiryOf(login), renewable: login.refreshToken !== '' };
}

export function phantomOf(headers: Headers): string | null {
  const authorization = headers.get('authorization');
  if (authorization === null || authorization.slice(0, 7).toLowerCase() !== 'bearer ') return null;
  const phantom = authorization.slice(7).trim();
  return phantom === '' ? null : phantom;
}

/** Headers that name an account and go with its credential. https://platform.openai.com/docs/api-reference/authentication */
const scopeHeaders = ['chatgpt-account-id', 'openai-organization', 'openai-project', 'x-openai-fedramp'];

/** Puts the account's credential in, with the headers of its own account only. */
export function authorize(headers: Headers, { secret, scope }: Credential): void {
  for (const name of scopeHeaders) {
    const value = scope[name];
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  headers.delete('x-api-key');
  headers.delete('api-key');
  headers.set('authorization', `Bearer ${secret}`);
}
