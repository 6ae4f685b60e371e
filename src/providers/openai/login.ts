import { z } from 'zod';
import { secondMs } from '../../core/time.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Login, Reach, Renewal } from '../provider.ts';
import { field, namesOf, parseError } from './error.ts';
import { expiryOf, parsePlanLogin, renderPlanLogin, token, type PlanLogin } from './plan-login.ts';
import { Problem } from '../../core/problem.ts';

const authOrigin = 'https://auth.openai.com';
/** Codex's own, as in codex-rs/login. */
const clientId = 'app_EMoamEEZ73f0CkXaXp7hrann';

/** A refresh token that is spent, revoked or too old; the first three as codex-rs/login knows them. */
const deadCodes = new Set([
  'refresh_token_reused',
  'refresh_token_expired',
  'refresh_token_invalidated',
  'invalid_grant',
  'token_expired',
  'token_invalidated',
  'token_revoked',
  'account_deactivated',
]);

const longestSeconds = 1e9;

/** The refresh token is spent by now: nothing odd beside the new one may cost us that. */
const tokens = z.object({
  access_token: token,
  refresh_token: token.nullish().catch(null),
  id_token: token.nullish().catch(null),
  expires_in: z.number().positive().max(longestSeconds).nullish().catch(null),
});

/** Renews ChatGPT logins the way Codex does; each refresh token is good for one renewal. */
export const login: Login = {
  identify(secret) {
    const known = parsePlanLogin(secret);
    if (known instanceof Problem) return { refreshToken: null, owner: null };
    return { refreshToken: known.refreshToken || null, owner: known.accountId };
  },
  async renew(_kind: string, secret: string, reach: Reach): Promise<Renewal> {
    const known = parsePlanLogin(secret);
    if (known instanceof Problem || known.refreshToken === '') {
      return { kind: 'dead', evidence: 'the login has no refresh token' };
    }
    let response: Response;
    let text: string;
    try {
      response = await reach.fetch(tokenUrl(reach), request(known.refreshToken));
      text = await response.text();
    } catch (error) {
      return { kind: 'failed', detail: `the token endpoint gave no answer (${codeOf(error)})` };
    }
    return response.ok ? renewed(known, text, reach) : refused(response.status, text);
  },
};

function tokenUrl({ baseUrl }: Reach): string {
  return `${baseUrl === null ? authOrigin : new URL(baseUrl).origin}/oauth/token`;
}

function request(refreshToken: string): RequestInit {
  const body = {
    client_id: clientId,
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    refresh_reason: 'scheduled',
  };
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    redirect: 'manual',
  };
}

function renewed(known: PlanLogin, text: string, { now }: Reach): Renewal {
  const answer = tokens.safeParse(parseJson(text));
  if (!answer.success) return { kind: 'failed', detail: 'the token endpoint answered without an access token' };
  const {
    access_token: accessToken,
    refresh_token: refreshToken,
    id_token: idToken,
    expires_in: seconds,
  } = answer.data;
  const next: PlanLogin = {
    accessToken,
    refreshToken: refreshToken ?? known.refreshToken,
    accountId: known.accountId,
    ...((idToken ?? known.idToken) ? { idToken: idToken ?? known.idToken } : {}),
  };
  const tells = expiryOf(next) !== null || !seconds;
  return {
    kind: 'renewed',
    secret: renderPlanLogin(tells ? next : { ...next, expiresAt: now + Math.floor(seconds * secondMs) }),
  };
}

/** Codex takes any 401 for final and, of other answers, the ones with a code that says so. */
function refused(status: number, text: string): Renewal {
  const names = codesIn(text);
  const evidence = names[0] === undefined ? `HTTP ${status} of the token endpoint` : `HTTP ${status} ${names[0]}`;
  const isDead = status < 500 && status !== 429 && names.some((name) => deadCodes.has(name));
  if (isDead || (status === 401 && names.length > 0)) return { kind: 'dead', evidence };
  return { kind: 'failed', detail: evidence };
}

/** `{"error":{"code":…}}` of OpenAI, `{"error":"invalid_grant"}` of OAuth, `{"code":…}`. */
function codesIn(text: string): string[] {
  const parsed = parseJson(text);
  const error = parseError(text);
  const names = error === null ? [] : namesOf(error);
  return [...names, field(parsed, 'error'), field(parsed, 'code')].filter(
    (name): name is string => typeof name === 'string' && /^[a-z0-9_]{1,64}$/.test(name),
  );
}

function codeOf(error: unknown): string {
  const code = field(error, 'code');
  return typeof code === 'string' ? code : 'no connection';
}
