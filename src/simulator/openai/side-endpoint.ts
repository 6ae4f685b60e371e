import { sendJson } from '../provider/encoded-body.ts';
import { estimateTokens } from '../provider/quota-window.ts';
import { type Call, servedHeaders } from './call.ts';
import { sendError } from './error-answer.ts';
import { invalidRequest, unknownFile, unknownModel, unknownResponse } from './known-error.ts';
import { limitProblem } from './limit-error.ts';
import { spend } from './window.ts';

const modelCreatedAt = 1_758_000_000;

export function answerModels(call: Call, id: string | undefined): void {
  const { models } = call.state.scenario;
  const describe = (model: string): object => ({
    id: model,
    object: 'model',
    created: modelCreatedAt,
    owned_by: 'openai',
  });
  if (id === undefined) send(call, { object: 'list', data: models.map(describe) });
  else if (models.includes(id)) send(call, describe(id));
  else sendError(call.exchange, unknownModel(id), call);
}

/** Answers GET, DELETE and cancel of one stored response. */
export function answerStored(call: Call, id: string): void {
  const { state, credential, exchange } = call;
  const found = state.store.find(id, credential.owner);
  if (found === undefined) {
    sendError(exchange, unknownResponse(id), call);
    return;
  }
  if (exchange.request.method !== 'DELETE') {
    send(call, found.response);
    return;
  }
  state.store.remove(id);
  send(call, { id, object: 'response', deleted: true });
}

/** Answers the list of files, an upload, or one file; an upload's bytes are counted and forgotten. */
export function answerFiles(call: Call, id: string | undefined): void {
  const { exchange, credential, state, now } = call;
  const { method, body } = exchange.request;
  if (id !== undefined) {
    answerFile(call, id);
    return;
  }
  if (method === 'GET') {
    send(call, {
      object: 'list',
      data: state.store.filesOf(credential.owner).map(({ form }) => form),
      has_more: false,
    });
    return;
  }
  const purpose = /name="purpose"\r\n\r\n([^\r]*)/.exec(body.toString('latin1'))?.[1] ?? 'user_data';
  const fileId = `file-${state.nextId()}`;
  const form = {
    id: fileId,
    object: 'file',
    bytes: body.length,
    created_at: Math.floor(now / 1000),
    filename: 'upload',
    purpose,
    status: 'processed',
  };
  state.store.keepFile({ id: fileId, owner: credential.owner, form });
  send(call, form);
}

function answerFile(call: Call, id: string): void {
  const { state, credential, exchange } = call;
  const found = state.store.file(id, credential.owner);
  if (found === undefined) {
    sendError(exchange, unknownFile(id), call);
    return;
  }
  if (exchange.request.method !== 'DELETE') {
    send(call, found.form);
    return;
  }
  state.store.removeFile(id);
  send(call, { id, object: 'file', deleted: true });
}

/** Answers embeddings: short vectors that depend on the text alone. */
export function answerEmbeddings(call: Call): void {
  const { exchange, credential, now } = call;
  const asked = embeddingInput(exchange.request.body.toString());
  if (asked === undefined) {
    sendError(exchange, invalidRequest("Missing required parameter: 'input'.", 'input'), call);
    return;
  }
  const tokens = estimateTokens(exchange.request.body.length);
  const demand = { model: asked.model, tokens };
  const limit = limitProblem(credential, demand, now);
  if (limit !== undefined) {
    sendError(exchange, limit, call);
    return;
  }
  spend(credential.windows, demand, now);
  const data = asked.texts.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) }));
  send(call, { object: 'list', data, model: asked.model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

function embeddingInput(body: string): { model: string; texts: string[] } | undefined {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json !== 'object' || json === null || !('input' in json)) return undefined;
    const model = 'model' in json && typeof json.model === 'string' ? json.model : 'text-embedding-3-small';
    return { model, texts: [json.input].flat().map(String) };
  } catch {
    return undefined;
  }
}

function vectorOf(text: string): number[] {
  return Array.from({ length: 8 }, (_, index) => ((text.charCodeAt(index % Math.max(1, text.length)) || 0) % 97) / 97);
}

function send(call: Call, body: object): void {
  sendJson(call.exchange, { headers: servedHeaders(call), body });
}
