import type { Exchange } from '../http/exchange.ts';
import { sendJson } from '../provider/encoded-body.ts';
import { meetConnectionFault } from '../provider/fault-play.ts';
import { estimateTokens } from '../provider/quota-window.ts';
import { accountsPage, usagePage } from './account-page.ts';
import { authenticate } from './authentication.ts';
import { type Call, servedHeaders } from './call.ts';
import { answerChat } from './chat.ts';
import { type ChatRequest, parseChatRequest } from './chat-request.ts';
import { type Endpoint, endpointOf, isInference } from './endpoint.ts';
import { sendError } from './error-answer.ts';
import { type Fault, isRefusal } from './fault.ts';
import { invalidRequest, notFound } from './known-error.ts';
import { answerTokenRequest, tokenPath } from './oauth.ts';
import { refusalOf } from './refusal.ts';
import { answerCompaction, answerResponses } from './response-http.ts';
import { serveSocket } from './response-socket.ts';
import { type BodyProblem, parseResponsesRequest, type ResponsesRequest } from './responses-request.ts';
import { answerEmbeddings, answerFiles, answerModels, answerStored } from './side-endpoint.ts';
import type { SimulatorState } from './state.ts';

/** A request's body, as far as its endpoint reads it. */
type Body =
  | { readonly kind: 'none' }
  | BodyProblem
  | { readonly kind: 'responses'; readonly request: ResponsesRequest }
  | { readonly kind: 'chat'; readonly request: ChatRequest };

/** Answers one request. */
export async function route(exchange: Exchange, state: SimulatorState): Promise<void> {
  const { request } = exchange;
  if (request.method === 'POST' && request.path === tokenPath) {
    await answerTokenRequest(exchange, state);
    return;
  }
  const now = state.now();
  const endpoint = endpointOf(request);
  const plane = endpoint?.plane ?? (request.path.startsWith('/v1/') ? 'api' : 'backend');
  const authentication = authenticate(request, { plane, credentials: state.credentials, now });
  const body = endpoint === undefined ? ({ kind: 'none' } as const) : readBody(endpoint, request.body);
  const seen = {
    credential: authentication.credential?.name ?? null,
    sessionId: sessionOf(exchange),
    ...wantedBy(body),
  };
  state.log.add(exchange, { at: now, ...seen }, endpoint?.kind === 'socket' ? 'upgrade' : 'http');
  const requestId = `req_${state.nextId()}`;
  if (endpoint === undefined) sendError(exchange, notFound, { requestId });
  else if (authentication.kind === 'refused') sendError(exchange, authentication.answer, { requestId });
  else await answer({ exchange, state, credential: authentication.credential, requestId, now }, endpoint, body);
}

function sessionOf({ request: { headers } }: Exchange): string | null {
  return headers['session-id'] ?? headers['session_id'] ?? null;
}

function readBody({ kind }: Endpoint, bytes: Buffer): Body {
  if (kind === 'chat') {
    const parsed = parseChatRequest(bytes.toString());
    return parsed.kind === 'problem' ? parsed : { kind: 'chat', request: parsed.request };
  }
  if (kind !== 'responses' && kind !== 'compact') return { kind: 'none' };
  const parsed = parseResponsesRequest(bytes.toString());
  return parsed.kind === 'problem' ? parsed : { kind: 'responses', request: parsed.request };
}

function wantedBy(body: Body): { model: string | null; stream: boolean } {
  if (body.kind === 'none' || body.kind === 'problem') return { model: null, stream: false };
  return { model: body.request.model, stream: body.request.stream === true };
}

async function answer(call: Call, endpoint: Endpoint, body: Body): Promise<void> {
  const { exchange, state, credential } = call;
  if (body.kind === 'problem') {
    sendError(exchange, invalidRequest(body.message, body.param), call);
    return;
  }
  const { model, stream } = wantedBy(body);
  const fault = state.faults.take({
    credential: credential.name,
    model: model ?? '',
    path: exchange.request.path,
    stream,
    via: endpoint.kind === 'socket' ? 'upgrade' : 'http',
    inference: isInference(endpoint),
  });
  if (fault !== undefined && (await meetFault(call, fault, { model: model ?? '', stream }))) return;
  if (body.kind === 'chat') await answerChat(call, body.request, fault);
  else if (body.kind === 'none') answerSide(call, endpoint);
  else if (endpoint.kind === 'compact') answerCompaction(call, body.request);
  else await answerResponses(call, body.request, fault);
}

/** Plays a fault that comes before the answer; false lets the answer follow. */
async function meetFault(call: Call, fault: Fault, wanted: { model: string; stream: boolean }): Promise<boolean> {
  const { exchange, requestId } = call;
  const { encoding } = fault;
  if (!isRefusal(fault.kind)) return await meetConnectionFault(fault, exchange, wanted.stream);
  const refused = refusalOf({ ...fault, kind: fault.kind }, { ...call, model: wanted.model });
  sendError(exchange, refused, { requestId, encoding });
  return true;
}

function answerSide(call: Call, endpoint: Endpoint): void {
  const { credential, exchange, state, now } = call;
  const reply = (body: object): void => sendJson(exchange, { headers: servedHeaders(call), body });
  if (endpoint.kind === 'socket') serveSocket(call, sessionOf(exchange));
  if (endpoint.kind === 'embeddings') answerEmbeddings(call);
  if (endpoint.kind === 'models') answerModels(call, endpoint.id);
  if (endpoint.kind === 'files') answerFiles(call, endpoint.id);
  if (endpoint.kind === 'stored') answerStored(call, endpoint.id);
  if (endpoint.kind === 'count') {
    reply({ object: 'response.input_tokens', input_tokens: estimateTokens(exchange.request.body.length) });
  }
  if (endpoint.kind === 'plan-models') reply({ models: [] });
  if (credential.kind !== 'plan') return;
  if (endpoint.kind === 'usage') reply(usagePage(credential, now));
  if (endpoint.kind === 'accounts') reply(accountsPage(credential, state.scenario.workspaceOrigin));
}
