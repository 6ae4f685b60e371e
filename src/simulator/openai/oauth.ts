import type { Exchange } from '../http/exchange.ts';
import { sendJson } from '../provider/encoded-body.ts';
import { meetConnectionFault } from '../provider/fault-play.ts';
import type { Refresh } from '../provider/login.ts';
import type { PlanCredential } from './credential.ts';
import { type ErrorAnswer, sendError } from './error-answer.ts';
import { type Fault, isRefusal } from './fault.ts';
import { refusalOf } from './refusal.ts';
import { plansOf, type SimulatorState } from './state.ts';

export const tokenPath = '/oauth/token';

/**
 * Serves refreshes. A fault of the connection comes after the rotation: the reply is lost and the token is spent,
 * which is the worst that a client can meet.
 */
export async function answerTokenRequest(exchange: Exchange, state: SimulatorState): Promise<void> {
  const now = state.now();
  const asked = parseTokenRequest(exchange.request.body.toString());
  const refreshToken = asked['refresh_token'] ?? '';
  const plan = plansOf(state).find(({ login }) => login.knows(refreshToken));
  state.log.add(exchange, { at: now, credential: plan?.name ?? null, model: null, stream: false, sessionId: null });
  const requestId = `req_${state.nextId()}`;
  if (asked['grant_type'] !== 'refresh_token') {
    sendError(exchange, oauthError('unsupported_grant_type', 'Only refresh_token is simulated.'), { requestId });
    return;
  }
  const target = { credential: plan?.name ?? '', model: '', path: tokenPath, stream: false };
  const fault = state.faults.take({ ...target, via: 'http', inference: false });
  if (fault !== undefined && plan !== undefined && isRefusal(fault.kind)) {
    const refused = { credential: plan, model: '', now };
    const { encoding } = fault;
    sendError(exchange, refusalOf({ ...fault, kind: fault.kind }, refused), { requestId, encoding });
    return;
  }
  await renew(exchange, { plan, refreshToken, now, requestId, fault });
}

interface Renewal {
  readonly plan: PlanCredential | undefined;
  readonly refreshToken: string;
  readonly now: number;
  readonly requestId: string;
  readonly fault: Fault | undefined;
}

async function renew(exchange: Exchange, { plan, refreshToken, now, requestId, fault }: Renewal): Promise<void> {
  const refresh = plan?.login.refresh(refreshToken, now) ?? ({ kind: 'unknown' } as const);
  if (fault !== undefined && (await meetConnectionFault(fault, exchange, false))) return;
  if (refresh.kind !== 'renewed' || plan === undefined) {
    sendError(exchange, refreshProblem(refresh.kind), { requestId });
    return;
  }
  const { idToken, accessToken } = plan.planLogin();
  const body = {
    id_token: idToken,
    access_token: accessToken,
    refresh_token: refresh.tokens.refreshToken,
    token_type: 'Bearer',
    expires_in: Math.floor((refresh.tokens.expiresAt - now) / 1000),
    scope: 'openid profile email offline_access',
  };
  sendJson(exchange, { headers: [['x-request-id', requestId]], body });
}

/** Reads JSON, as Codex sends it, or a form. */
function parseTokenRequest(body: string): Record<string, string | undefined> {
  try {
    const json: unknown = JSON.parse(body);
    return Object.fromEntries(
      Object.entries(Object(json)).map(([name, value]) => [name, typeof value === 'string' ? value : undefined]),
    );
  } catch {
    return Object.fromEntries(new URLSearchParams(body));
  }
}

/** The errors that Codex tells apart, by their code. */
function refreshProblem(kind: Refresh['kind']): ErrorAnswer {
  const [code, message] =
    kind === 'reused'
      ? ['refresh_token_reused', 'Your refresh token has already been used to generate a new access token.']
      : kind === 'dead'
        ? ['refresh_token_invalidated', 'Your refresh token has been invalidated.']
        : ['token_expired', 'Could not validate your token.'];
  const error = {
    message: `${message} Please try signing in again.`,
    type: 'invalid_request_error',
    param: null,
    code,
  };
  return { status: 401, body: { error } };
}

function oauthError(code: string, message: string): ErrorAnswer {
  return { status: 400, body: { error: { message, type: 'invalid_request_error', param: null, code } } };
}
