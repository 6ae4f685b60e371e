import { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import { secondMs } from '../../core/time.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Adoption, Login, OpenedSecret, Reach, Renewal } from '../provider.ts';
import { excerptOf } from './error.ts';

/** The kind of a subscription's login, whose access token expires and whose refresh token makes the next one. */
export const loginKind = 'login';

/** Claude Code 2.1.197: where it renews its login, and as whom. */
const tokenOrigin = 'https://platform.claude.com';
const clientId = '9d1c250a-e61b-44d9-88ed-5944d1962f5e';

const token = z.string().regex(/^[\x21-\x7e]{8,4096}$/);
/** What a Date can hold; a later end cannot be shown. */
const lastInstantMs = 8.64e15;

/** What the vault keeps of a login. The names are those of Claude Code's own file; `expiresAt` is epoch milliseconds. */
const loginSchema = z.object({
  accessToken: token,
  refreshToken: token.nullish().transform((value) => value ?? null),
  expiresAt: z
    .number()
    .max(lastInstantMs)
    .nullish()
    .catch(null)
    .transform((value) => value ?? null),
  scopes: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  subscriptionType: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
});
type StoredLogin = z.infer<typeof loginSchema>;

const wholeFile = z.looseObject({ claudeAiOauth: loginSchema });

/** The login in a text: the vault's own, or Claude Code's `.credentials.json`; null for anything else. */
export function parseLogin(text: string): StoredLogin | null {
  if (!text.trimStart().startsWith('{')) return null;
  const content = parseJson(text);
  const own = loginSchema.safeParse(content);
  if (own.success) return own.data;
  const file = wholeFile.safeParse(content);
  return file.success ? file.data.claudeAiOauth : null;
}

/** Reads a login of the vault. Its scopes go along, since the usage endpoint wants one that not every login has. */
export function openLogin(secret: string): OpenedSecret {
  const login = parseLogin(secret);
  // Nothing that `recognise` took comes here; an empty token is refused by the provider like any dead one.
  if (login === null) {
    return { credential: { kind: loginKind, secret: '', scope: {} }, expiresAt: null, renewable: false };
  }
  return {
    credential: { kind: loginKind, secret: login.accessToken, scope: { scopes: login.scopes.join(' ') } },
    expiresAt: login.expiresAt,
    renewable: login.refreshToken !== null,
  };
}

export const login: Login = {
  renew: (_, secret, reach) => renew(secret, reach),
  identify: (secret) => ({ refreshToken: parseLogin(secret)?.refreshToken ?? null, owner: null }),
};

async function renew(secret: string, { fetch, baseUrl, now }: Reach): Promise<Renewal> {
  const known = parseLogin(secret);
  if (known === null || known.refreshToken === null)
    return { kind: 'dead', evidence: 'the login has no refresh token' };
  const origin = baseUrl === null ? tokenOrigin : new URL(baseUrl).origin;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${origin}/v1/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({
        grant_type: 'refresh_token',
        refresh_token: known.refreshToken,
        client_id: clientId,
        ...(known.scopes.length === 0 ? {} : { scope: known.scopes.join(' ') }),
      }),
    });
    text = await response.text();
  } catch (error) {
    return { kind: 'failed', detail: error instanceof Error ? excerptOf(error.message) : 'no answer' };
  }
  return response.ok ? renewed(known, text, now) : refused(response.status, text);
}

const longestSeconds = 1e9;

/** The refresh token is spent by now: nothing odd beside the new one may cost us that. */
const tokensSchema = z.object({
  access_token: token,
  refresh_token: token.nullish().catch(null),
  expires_in: z.number().positive().max(longestSeconds).nullish().catch(null),
  scope: z.string().nullish().catch(null),
});

function renewed(known: StoredLogin, text: string, now: number): Renewal {
  const parsed = tokensSchema.safeParse(parseJson(text));
  if (!parsed.success) return { kind: 'failed', detail: 'HTTP 200 without a token in it' };
  const { access_token, refresh_token, expires_in, scope } = parsed.data;
  const next: StoredLogin = {
    ...known,
    accessToken: access_token,
    refreshToken: refresh_token ?? known.refreshToken,
    expiresAt: typeof expires_in === 'number' ? now + expires_in * secondMs : null,
    scopes: (scope ?? '').trim() === '' ? known.scopes : (scope ?? '').trim().split(/\s+/),
  };
  return { kind: 'renewed', secret: JSON.stringify(next) };
}

/** Both forms of an OAuth error: the code itself (RFC 6749, 5.2), or Anthropic's own error object. */
const refusalSchema = z.union([
  z.object({ error: z.string(), error_description: z.string().optional() }),
  z.object({ error: z.object({ type: z.string(), message: z.string().default('') }) }),
]);

function refused(status: number, text: string): Renewal {
  const parsed = refusalSchema.safeParse(parseJson(text));
  const detail = `HTTP ${status}`;
  if (!parsed.success) return { kind: 'failed', detail };
  const { error } = parsed.data;
  const [code, words] =
    typeof error === 'string'
      ? [error, 'error_description' in parsed.data ? (parsed.data.error_description ?? '') : '']
      : [error.type, error.message];
  const evidence = excerptOf(words === '' ? code : `${code}: ${words}`);
  // Everything else may be ours or the server's fault: a login is given up only where it is named.
  const names = code === 'invalid_grant' || /\binvalid_grant\b/.test(words);
  const isOver = names || /\brefresh token\b.*\b(invalid|expired|revoked|not found)\b/i.test(words);
  if ((status === 400 || status === 401 || status === 403) && isOver) return { kind: 'dead', evidence };
  return { kind: 'failed', detail: `${detail} ${evidence}` };
}

export const adoption: Adoption = {
  kind: 'file',
  cli: 'Claude Code',
  file: '.credentials.json',
  read(text) {
    const content = wholeFile.safeParse(parseJson(text));
    if (!content.success) {
      return new Problem('invalid', 'The file holds no login of Claude Code.', {
        hint: 'Log in there first: claude auth login. An API key is added with: stint account add anthropic <label>',
      });
    }
    const { claudeAiOauth, ...others } = content.data;
    if (claudeAiOauth.refreshToken === null) {
      return new Problem('invalid', 'The login has no refresh token, so that it would end within hours.', {
        hint: 'Log in there again: claude auth login',
      });
    }
    // Claude Code keeps the logins of MCP servers in the same file.
    const rest = Object.keys(others).length === 0 ? null : JSON.stringify(others);
    return { secret: JSON.stringify(claudeAiOauth), rest };
  },
};
