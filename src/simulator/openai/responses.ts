import type { Headers } from '../http/exchange.ts';
import { estimateTokens } from '../provider/quota-window.ts';
import { answerTo } from './answer.ts';
import { type Call, servedHeaders } from './call.ts';
import type { ErrorAnswer } from './error-answer.ts';
import { foreignReasoning, storeMustBeFalse, streamMustBeTrue, unknownFile, unknownPrevious } from './known-error.ts';
import { limitProblem } from './limit-error.ts';
import { encryptReasoning, foreignItem } from './reasoning.ts';
import { completed, type Reply } from './response-form.ts';
import { answerItem, outputTokensOf, reasoningItem } from './response-item.ts';
import { type InputItem, inputItems, type ResponsesRequest } from './responses-request.ts';
import { type Demand, spend } from './window.ts';

/** A request to the Responses API, however it came. */
export interface Asked {
  readonly request: ResponsesRequest;
  readonly sizeBytes: number;
  /** What a WebSocket remembers by itself: the conversation behind the id of each of its responses. */
  readonly remembered?: ReadonlyMap<string, readonly InputItem[]>;
}

export type Prepared =
  | { readonly kind: 'refused'; readonly answer: ErrorAnswer }
  | {
      readonly kind: 'reply';
      readonly reply: Reply;
      readonly headers: Headers;
      /** The conversation, the answer included. */
      readonly items: readonly InputItem[];
    };

/** Answers by the quota and by what is the account's own, else by the script. */
export function prepareReply(call: Call, asked: Asked): Prepared {
  const { credential, now, state } = call;
  const { request } = asked;
  const earlier = earlierItems(call, asked);
  if (earlier === undefined) return refuse(unknownPrevious(request.previous_response_id ?? ''));
  const items = [...earlier, ...inputItems(request)];
  const problem = ownershipProblem(call, items);
  if (problem !== undefined) return refuse(problem);
  const scripted = answerTo(request, items, credential.name);
  const usage = { inputTokens: estimateTokens(asked.sizeBytes), outputTokens: outputTokensOf(scripted) };
  const demand: Demand = { model: request.model, tokens: usage.inputTokens + usage.outputTokens };
  const limit = limitProblem(credential, demand, now);
  if (limit !== undefined) return refuse(limit);
  spend(credential.windows, demand, now);
  const id = state.nextId();
  const reasoning = state.scenario.reasoning ? [reasoningOf(call, request, id)] : [];
  const output = [...reasoning, answerItem(scripted, id)];
  const reply = { ...replyOf(call, request, id), output, usage };
  const conversation = [...items, ...output.map(({ done }) => done)];
  if (reply.store) keep(call, reply, conversation);
  return { kind: 'reply', reply, headers: servedHeaders(call), items: conversation };
}

/** What the plan's backend asks of a request over HTTP, beyond the public API. */
export function backendProblem(call: Call, request: ResponsesRequest): ErrorAnswer | undefined {
  if (call.credential.kind !== 'plan') return undefined;
  if (request.store !== false) return storeMustBeFalse;
  return request.stream === true ? undefined : streamMustBeTrue;
}

/** A reply without content, as a warm-up gets it. */
export function emptyReply(call: Call, request: ResponsesRequest): Reply {
  return { ...replyOf(call, request, call.state.nextId()), output: [], usage: { inputTokens: 0, outputTokens: 0 } };
}

function replyOf({ now }: Call, request: ResponsesRequest, id: string): Omit<Reply, 'output' | 'usage'> {
  return {
    id: `resp_${id}`,
    model: request.model,
    createdAt: Math.floor(now / 1000),
    previousId: request.previous_response_id ?? null,
    store: request.store !== false,
  };
}

/** The conversation that the request goes on with; undefined for an id that this account or connection does not know. */
function earlierItems({ credential, state }: Call, asked: Asked): readonly InputItem[] | undefined {
  const id = asked.request.previous_response_id;
  if (id === null || id === undefined) return [];
  return asked.remembered?.get(id) ?? state.store.find(id, credential.owner)?.items;
}

function ownershipProblem({ credential, state }: Call, items: readonly InputItem[]): ErrorAnswer | undefined {
  const reasoning = state.scenario.foreignReasoning === 'refuse' ? foreignItem(items, credential.owner) : undefined;
  if (reasoning !== undefined) return foreignReasoning(reasoning);
  const parts = items.flatMap(({ content }) => (typeof content === 'string' ? [] : (content ?? [])));
  const fileIds = parts.flatMap(({ file_id: id }) => (typeof id === 'string' ? [id] : []));
  const foreign = fileIds.find((id) => state.store.file(id, credential.owner) === undefined);
  return foreign === undefined ? undefined : unknownFile(foreign);
}

function reasoningOf({ credential }: Call, request: ResponsesRequest, id: string): ReturnType<typeof reasoningItem> {
  const wanted = request.include?.includes('reasoning.encrypted_content') === true;
  return reasoningItem(`rs_${id}`, wanted ? encryptReasoning(credential.owner, `rs_${id}`) : undefined);
}

function keep({ credential, state }: Call, reply: Reply, items: readonly InputItem[]): void {
  state.store.keep(reply.id, { owner: credential.owner, items, response: completed(reply) });
}

function refuse(answer: ErrorAnswer): Prepared {
  return { kind: 'refused', answer };
}
