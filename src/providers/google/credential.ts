import { Problem } from '../../core/problem.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Ask, Credential, OpenedSecret } from '../provider.ts';
import { parameter } from './path.ts';
import { readServiceAccount } from './service-account.ts';

export const secretForms = 'an API key of AI Studio (AIza…) or the JSON key file of a service account (Vertex AI)';

/** The kind of a secret by its form. Anything that no form excludes is an API key: Google has issued several forms of it. */
export function recognise(secret: string): 'api-key' | 'service-account' | Problem {
  const text = secret.trim();
  if (text.startsWith('{')) return readServiceAccount(text) === null ? notAKeyFile(text) : 'service-account';
  if (/^(ya29\.|1\/\/)/.test(text)) return foreignLogin();
  if (!/^[\x21-\x7e]{8,512}$/.test(text)) {
    return unusable('That does not look like a credential: it must be one word of 8 to 512 plain characters.');
  }
  return 'api-key';
}

function notAKeyFile(text: string): Problem {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return unusable('That looks like JSON, but it cannot be read.');
  if ('refresh_token' in value || 'access_token' in value) return foreignLogin();
  return unusable('That is JSON, but not the key file of a service account.');
}

/** google-gemini/gemini-cli, docs/resources/faq.md: "a direct violation" of its terms. */
function foreignLogin(): Problem {
  return new Problem('invalid', 'That is a Google login, and Google forbids its use by other software.', {
    hint: 'Let Gemini CLI itself hold it, with: stint account login gemini LABEL. Or give an API key.',
  });
}

function unusable(message: string): Problem {
  return new Problem('invalid', message, { hint: `Give ${secretForms}.` });
}

/** A key file without an access token counts as expired, so that it is renewed before its first use. */
export function open(kind: string, secret: string): OpenedSecret {
  if (kind !== 'service-account')
    return { credential: { kind, secret: secret.trim(), scope: {} }, expiresAt: null, renewable: false };
  const account = readServiceAccount(secret);
  if (account === null) return { credential: { kind, secret: '', scope: {} }, expiresAt: 0, renewable: true };
  const { serviceAccount, location, accessToken, expiresAt } = account;
  const scope = { project: serviceAccount.project_id, location };
  return { credential: { kind, secret: accessToken, scope }, expiresAt, renewable: true };
}

/** Vertex AI has a host for each region, and others for the two multi-regions and for `global`. */
export function baseUrl(kind: string, credential?: Credential): string {
  if (kind !== 'service-account') return 'https://generativelanguage.googleapis.com';
  const location = credential?.scope['location'] ?? 'us-central1';
  if (location === 'global') return 'https://aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

/** The token of a request, from wherever Google's clients put an API key. */
export function phantomOf(headers: Headers, { search }: Ask): string | null {
  const key = headers.get('x-goog-api-key');
  if (key !== null && key !== '') return key;
  const bearer = /^bearer +(\S.*)$/i.exec(headers.get('authorization') ?? '')?.[1];
  return bearer?.trim() ?? parameter(search, 'key');
}

/** Puts the account's credential in. `x-goog-user-project` names the project that is charged: the one that asked. */
export function authorize(headers: Headers, credential: Credential): void {
  headers.delete('x-goog-api-key');
  headers.delete('authorization');
  headers.delete('x-goog-user-project');
  if (credential.kind === 'service-account') headers.set('authorization', `Bearer ${credential.secret}`);
  else headers.set('x-goog-api-key', credential.secret);
}
