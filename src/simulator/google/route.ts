import type { Exchange } from '../http/exchange.ts';
import { meetConnectionFault } from '../provider/fault-play.ts';
import { authenticate } from './authentication.ts';
import type { Call } from './call.ts';
import { handleCodeAssist, projectIn } from './code-assist.ts';
import { handleContent } from './content.ts';
import { type ContentRequest, parseCodeAssistRequest, parseContentRequest } from './content-request.ts';
import { type Endpoint, endpointOf, errorsInArray, isContent, isStream, serviceOf } from './endpoint.ts';
import { sendApiError } from './error-answer.ts';
import { type GoogleFault, isRefusal } from './fault.ts';
import { foreignProject, invalidArgument, notFound } from './known-error.ts';
import { refuseUnknownModel, sendEmbedding, sendModel, sendModels, sendTokenCount } from './models.ts';
import { handleOauth, oauthCredential, type OauthMethod, oauthMethodOf } from './oauth.ts';
import { type Refused, sendRefusal } from './refusal.ts';
import type { GoogleState } from './state.ts';

/** Answers one request, whatever it asks. */
export async function route(exchange: Exchange, state: GoogleState): Promise<void> {
  const { request } = exchange;
  const oauth = oauthMethodOf(request);
  if (oauth !== undefined) return routeOauth(exchange, state, oauth);
  const now = state.now();
  const endpoint = endpointOf(request);
  if (endpoint === undefined) {
    state.log.add(exchange, { at: now, credential: null, model: null, stream: false, sessionId: null });
    sendApiError(exchange, notFound, { inArray: false });
    return;
  }
  const content = contentOf(endpoint, request.body);
  const { credential, refusal } = authenticate({ request, endpoint, credentials: state.credentials, now });
  const stream = isStream(endpoint);
  const { model, sessionId } = content;
  state.log.add(exchange, { at: now, credential: credential?.name ?? null, model, stream, sessionId });
  const inArray = errorsInArray(endpoint, request);
  if (credential === null || refusal !== undefined) {
    sendApiError(exchange, refusal ?? notFound, { inArray });
    return;
  }
  const met = { exchange, state, endpoint, model: model ?? '', now, inArray };
  const fault = state.faults.take({ credential: credential.name, model: met.model, path: faultPath(endpoint), stream });
  if (fault !== undefined && (await meetFault(fault, met))) return;
  await answer({ ...met, credential, fault }, content.request);
}

/** What a body says, where it is a request for content; a string says what is wrong with it. */
interface ReadContent {
  readonly model: string | null;
  readonly sessionId: string | null;
  readonly request: ContentRequest | string | undefined;
}

function contentOf(endpoint: Endpoint, body: Buffer): ReadContent {
  if (!isContent(endpoint)) return { model: endpoint.model, sessionId: null, request: undefined };
  if (endpoint.api !== 'code_assist') {
    return { model: endpoint.model, sessionId: null, request: parseContentRequest(body) };
  }
  const parsed = parseCodeAssistRequest(body);
  if (typeof parsed === 'string') return { model: null, sessionId: null, request: parsed };
  return { model: parsed.model, sessionId: parsed.request.session_id ?? null, request: parsed.request };
}

async function routeOauth(exchange: Exchange, state: GoogleState, method: OauthMethod): Promise<void> {
  const now = state.now();
  const credential = oauthCredential(exchange, state)?.name ?? null;
  state.log.add(exchange, { at: now, credential, model: null, stream: false, sessionId: null });
  const fault = state.faults.take({ credential: credential ?? '', model: '', path: method, stream: false });
  const endpoint: Endpoint = { api: 'vertex', version: 'v1', method, model: null, project: null };
  if (fault !== undefined && (await meetFault(fault, { exchange, endpoint, model: '', now, inArray: false }))) return;
  handleOauth(exchange, state, method);
}

/** Plays a fault that comes before the answer; false lets the answer follow. */
async function meetFault(
  fault: GoogleFault,
  met: Refused & { exchange: Exchange; inArray: boolean },
): Promise<boolean> {
  const { kind } = fault;
  if (!isRefusal(kind)) return meetConnectionFault(fault, met.exchange, isStream(met.endpoint));
  sendRefusal(met.exchange, { ...fault, kind }, met);
  return true;
}

async function answer(call: Call, request: ContentRequest | string | undefined): Promise<void> {
  const { endpoint, exchange, credential } = call;
  if (endpoint.api === 'code_assist') {
    const project = projectIn(exchange.request.body);
    if (project !== undefined && project !== credential.project) {
      sendApiError(exchange, foreignProject(project, serviceOf(endpoint)), call);
      return;
    }
    if (handleCodeAssist(call)) return;
  }
  if (typeof request === 'string') {
    sendApiError(exchange, invalidArgument(request), call);
    return;
  }
  if (endpoint.method === 'models') sendModels(call);
  else if (endpoint.method === 'countTokens') sendTokenCount(call);
  else if (refuseUnknownModel(call)) return;
  else if (endpoint.method === 'model') sendModel(call);
  else if (request !== undefined) await handleContent(call, request);
  else if (endpoint.method === 'embedContent' || endpoint.method === 'batchEmbedContents') sendEmbedding(call);
  else sendApiError(exchange, notFound, call);
}

/** By which name a fault matches the method: streamed or not, content is content. */
function faultPath(endpoint: Endpoint): string {
  return isContent(endpoint) ? 'generateContent' : endpoint.method;
}
