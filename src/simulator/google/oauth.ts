import type { Exchange } from '../http/exchange.ts';
import type { HttpRequest } from '../http/request-reader.ts';
import { sendJson } from '../provider/encoded-body.ts';
import { parseAssertion, problemWithAssertion } from './assertion.ts';
import { bearerOf } from './authentication.ts';
import type { Credential } from './credential.ts';
import type { GoogleState } from './state.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const scope = 'https://www.googleapis.com/auth/cloud-platform';

/** What Google's hosts for logins serve, besides any API: tokens, and whose a token is. */
export type OauthMethod = 'token' | 'tokeninfo' | 'userinfo';

const methods: Readonly<Record<string, OauthMethod>> = {
  'POST /token': 'token',
  'POST /tokeninfo': 'tokeninfo',
  'GET /tokeninfo': 'tokeninfo',
  'GET /oauth2/v2/userinfo': 'userinfo',
};

export function oauthMethodOf({ method, path }: HttpRequest): OauthMethod | undefined {
  return methods[`${method} ${path}`];
}

/** Whose request it is, by assertion, refresh token or access token; null for what the scenario does not have. */
export function oauthCredential({ request }: Exchange, { credentials }: GoogleState): Credential | null {
  const form = formOf(request);
  const email = parseAssertion(form.get('assertion') ?? '')?.claims.iss;
  const refreshToken = form.get('refresh_token') ?? undefined;
  const token = accessTokenOf(request);
  const found = credentials.find(
    (credential) =>
      (email !== undefined && credential.serviceAccount?.clientEmail === email) ||
      (refreshToken !== undefined && credential.refreshToken === refreshToken) ||
      (token !== undefined && credential.holds(token)),
  );
  return found ?? null;
}

/** Answers a request of a login, whose refresh token may be used again and again, or of a service account. */
export function handleOauth(exchange: Exchange, state: GoogleState, method: OauthMethod): void {
  const credential = oauthCredential(exchange, state);
  if (method === 'token') grant(exchange, state, credential);
  else describe(exchange, credential, { method, now: state.now() });
}

function grant(exchange: Exchange, state: GoogleState, credential: Credential | null): void {
  const form = formOf(exchange.request);
  const grantType = form.get('grant_type') ?? '';
  if (grantType === jwtBearer) {
    const problem = problemWithAssertion(parseAssertion(form.get('assertion') ?? ''), credential, state.now());
    if (credential === null || problem !== undefined) refuse(exchange, 'invalid_grant', problem ?? '');
    else sendToken(exchange, state, credential);
  } else if (grantType === 'refresh_token') {
    if (credential?.refreshToken === undefined || credential.revoked) {
      refuse(exchange, 'invalid_grant', 'Token has been expired or revoked.');
    } else sendToken(exchange, state, credential);
  } else refuse(exchange, 'unsupported_grant_type', `Invalid grant_type: ${grantType}`);
}

function sendToken(exchange: Exchange, state: GoogleState, credential: Credential): void {
  const { tokenLifetimeSeconds } = credential;
  const token = `ya29.test-${state.nextId()}`;
  credential.tokens.set(token, state.now() + tokenLifetimeSeconds * 1000);
  const body = { access_token: token, expires_in: tokenLifetimeSeconds, token_type: 'Bearer' };
  sendJson(exchange, { body: credential.kind === 'login' ? { ...body, scope } : body });
}

function describe(
  exchange: Exchange,
  credential: Credential | null,
  { method, now }: { method: OauthMethod; now: number },
): void {
  const token = accessTokenOf(exchange.request) ?? '';
  if (credential === null || credential.revoked || credential.expired(token, now)) {
    refuse(exchange, 'invalid_token', 'Invalid Value');
    return;
  }
  const email = `${credential.name}@example.com`;
  const body =
    method === 'tokeninfo'
      ? { sub: '100000000000000000001', scope, email, email_verified: 'true', access_type: 'offline' }
      : { id: '100000000000000000001', email, verified_email: true, name: credential.name };
  sendJson(exchange, { body });
}

function accessTokenOf(request: HttpRequest): string | undefined {
  const inForm = formOf(request).get('access_token') ?? new URLSearchParams(request.query).get('access_token');
  return bearerOf(request) ?? inForm ?? undefined;
}

function formOf({ body }: HttpRequest): URLSearchParams {
  return new URLSearchParams(body.toString());
}

function refuse(exchange: Exchange, error: string, description: string): void {
  sendJson(exchange, { status: 400, body: { error, error_description: description } });
}
