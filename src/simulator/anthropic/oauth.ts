import type { Exchange } from '../http/exchange.ts';
import { sendJson } from '../provider/encoded-body.ts';
import type { Credential } from './credential.ts';
import { type ErrorAnswer, sendError } from './error-answer.ts';
import { meetFault } from './fault-play.ts';
import { notFound } from './known-error.ts';
import type { SimulatorState } from './state.ts';

export const tokenPath = '/v1/oauth/token';
export const usagePath = '/api/oauth/usage';

const lacksScope: ErrorAnswer = {
  status: 403,
  type: 'permission_error',
  message: 'OAuth token does not meet scope requirement user:profile',
};

/** Answers a request for another access token, in the form of RFC 6749. Faults of its path come first. */
export async function handleToken(
  exchange: Exchange,
  state: SimulatorState,
  { requestId, now }: { requestId: string; now: number },
): Promise<void> {
  const grant = parseGrant(exchange.request.body);
  const refuse = (error: string, words: string): void =>
    sendJson(exchange, { status: 400, body: { error, error_description: words } });
  const credential = state.credentials.find(({ login }) => login?.owns(grant.refreshToken) === true);
  const name = credential?.name ?? '';
  const fault = state.faults.take({ credential: name, model: '', path: tokenPath, stream: false });
  if (fault !== undefined && credential !== undefined) {
    const call = { exchange, credential, requestId, now, model: '', stream: false };
    if (await meetFault(fault, call)) return;
  }
  if (grant.type !== 'refresh_token') return refuse('unsupported_grant_type', 'Only refresh_token is supported');
  const refresh = credential?.login?.refresh(grant.refreshToken, now);
  if (credential === undefined || refresh?.kind !== 'renewed') {
    return refuse('invalid_grant', 'Refresh token not found or invalid');
  }
  const { accessToken, refreshToken, expiresAt } = refresh.tokens;
  const body = {
    token_type: 'Bearer',
    access_token: accessToken,
    expires_in: Math.floor((expiresAt - now) / 1000),
    refresh_token: refreshToken,
    scope: credential.scopes.join(' '),
    account: { uuid: `account-${credential.name}`, email_address: `${credential.name}@example.com` },
    organization: { uuid: `organization-${credential.name}` },
  };
  sendJson(exchange, { headers: [['request-id', requestId]], body });
}

/** Sends how full the windows are; a token needs the scope for that. */
export function sendUsage(call: { exchange: Exchange; credential: Credential; requestId: string; now: number }): void {
  const { exchange, credential, requestId, now } = call;
  if (credential.kind !== 'oauth') return sendError(exchange, notFound, { requestId });
  if (!credential.scopes.includes('user:profile')) return sendError(exchange, lacksScope, { requestId });
  const states = credential.windows.map((window) => window.state(now));
  const told = states.map(({ name, utilization, resetAt }) => [
    name,
    { utilization: Math.round(utilization * 100), resets_at: new Date(resetAt).toISOString() },
  ]);
  const extra = {
    is_enabled: credential.overage === 'allowed',
    monthly_limit: null,
    used_credits: 0,
    utilization: null,
  };
  sendJson(exchange, {
    headers: [['request-id', requestId]],
    body: {
      five_hour: null,
      seven_day: null,
      seven_day_oauth_apps: null,
      seven_day_opus: null,
      seven_day_sonnet: null,
      ...Object.fromEntries(told),
      extra_usage: extra,
      limits: [],
    },
  });
}

function parseGrant(body: Buffer): { type: unknown; refreshToken: string } {
  try {
    const { grant_type: type, refresh_token: token } = JSON.parse(body.toString()) as Record<string, unknown>;
    return { type, refreshToken: typeof token === 'string' ? token : '' };
  } catch {
    return { type: undefined, refreshToken: '' };
  }
}
