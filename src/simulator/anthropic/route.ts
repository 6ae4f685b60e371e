import type { Exchange } from '../http/exchange.ts';
import { authenticate } from './authentication.ts';
import type { Credential } from './credential.ts';
import { type ErrorAnswer, sendError } from './error-answer.ts';
import { meetFault } from './fault-play.ts';
import { type MessageRequest, parseMessageRequest } from './message-request.ts';
import { estimateTokens } from '../provider/quota-window.ts';
import { handleMessages } from './messages.ts';
import { sendModel, sendModels } from './models.ts';
import { handleToken, sendUsage, tokenPath, usagePath } from './oauth.ts';
import { invalidRequest, notFound, tooLarge } from './known-error.ts';
import type { SimulatorState } from './state.ts';

type Endpoint = 'root' | 'token' | 'usage' | 'messages' | 'count_tokens' | 'models' | 'model';

/** One request on its way to an endpoint that needs a credential. */
interface Call {
  readonly exchange: Exchange;
  readonly state: SimulatorState;
  readonly credential: Credential;
  readonly requestId: string;
  readonly now: number;
  /** A string says what is wrong with the body. */
  readonly message: MessageRequest | string | null;
}

const mostBodyBytes = 32 * 1024 * 1024;
const modelsPath = '/v1/models';

/** Answers one request; all but the root need a credential. */
export async function route(exchange: Exchange, state: SimulatorState): Promise<void> {
  const { request } = exchange;
  const now = state.now();
  const endpoint = endpointOf(request.method, request.path);
  const message = endpoint === 'messages' || endpoint === 'count_tokens' ? parseMessageRequest(request.body) : null;
  const authentication = authenticate(request, state.bySecret, now);
  const sessionId = request.headers['x-claude-code-session-id'] ?? null;
  const credential = authentication.credential?.name ?? null;
  state.log.add(exchange, { at: now, credential, sessionId, ...modelOf(message) });
  const requestId = state.nextRequestId();
  if (endpoint === 'root') exchange.send(200, [['request-id', requestId]], new Uint8Array());
  else if (endpoint === 'token') await handleToken(exchange, state, { requestId, now });
  else if (endpoint === undefined) sendError(exchange, notFound, { requestId });
  else if (authentication.kind === 'refused') sendError(exchange, authentication.answer, { requestId });
  else {
    const call = { exchange, state, credential: authentication.credential, requestId, now, message };
    await answer(endpoint, call);
  }
}

function endpointOf(method: string, path: string): Endpoint | undefined {
  if (path === '/') return method === 'GET' || method === 'HEAD' ? 'root' : undefined;
  if (method === 'POST' && path === tokenPath) return 'token';
  if (method === 'GET' && path === usagePath) return 'usage';
  if (method === 'POST' && path === '/v1/messages') return 'messages';
  if (method === 'POST' && path === '/v1/messages/count_tokens') return 'count_tokens';
  if (method !== 'GET') return undefined;
  if (path === modelsPath) return 'models';
  return path.startsWith(`${modelsPath}/`) ? 'model' : undefined;
}

async function answer(endpoint: Exclude<Endpoint, 'root' | 'token'>, call: Call): Promise<void> {
  const { exchange, requestId, state } = call;
  const { message } = call;
  if (message !== null) {
    const problem = bodyProblem(call, message);
    if (problem !== undefined) {
      sendError(exchange, problem, { requestId });
      return;
    }
  }
  const { model, stream } = modelOf(message);
  const { path } = exchange.request;
  const fault = state.faults.take({ credential: call.credential.name, model: model ?? '', path, stream });
  if (fault !== undefined && (await meetFault(fault, { ...call, model: model ?? '', stream }))) return;
  if (endpoint === 'models') sendModels(exchange, state.scenario.models, requestId);
  else if (endpoint === 'model') sendModel(exchange, state.scenario.models, requestId);
  else if (endpoint === 'usage') sendUsage(call);
  else if (endpoint === 'count_tokens') sendTokenCount(exchange, requestId);
  else if (message !== null && typeof message !== 'string') {
    await handleMessages({ ...call, request: message, deltaDelayMs: state.deltaDelayMs, fault });
  }
}

function bodyProblem({ exchange }: Call, message: MessageRequest | string): ErrorAnswer | undefined {
  const { headers, body } = exchange.request;
  if (headers['anthropic-version'] === undefined) return invalidRequest('anthropic-version: header is required');
  if (body.length > mostBodyBytes) return tooLarge;
  return typeof message === 'string' ? invalidRequest(message) : undefined;
}

function sendTokenCount(exchange: Exchange, requestId: string): void {
  const count = { input_tokens: estimateTokens(exchange.request.body.length) };
  const headers = [
    ['content-type', 'application/json'],
    ['request-id', requestId],
  ] as const;
  exchange.send(200, headers, Buffer.from(JSON.stringify(count)));
}

function modelOf(message: MessageRequest | string | null): { model: string | null; stream: boolean } {
  if (message === null || typeof message === 'string') return { model: null, stream: false };
  return { model: message.model, stream: message.stream === true };
}
