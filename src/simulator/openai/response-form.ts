import type { ErrorObject } from './error-answer.ts';
import type { EventPart, OutputItem } from './response-item.ts';

/** A response before it is rendered as events, frames or one body. */
export interface Reply {
  readonly id: string;
  readonly model: string;
  /** Epoch s. */
  readonly createdAt: number;
  readonly previousId: string | null;
  readonly store: boolean;
  readonly output: readonly OutputItem[];
  readonly usage: Usage;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A reply's events in three parts: a fault in the middle falls between two deltas. */
export interface ReplyEvents {
  readonly beginning: readonly EventPart[];
  readonly opening: readonly EventPart[];
  readonly deltas: readonly EventPart[];
  readonly closing: readonly EventPart[];
}

/** Renders the events of a whole reply; the content of its last item makes the deltas. */
export function replyEvents(reply: Reply): ReplyEvents {
  const last = reply.output.length - 1;
  const spread = reply.output.map((item, index) => itemEvents(item, index));
  const numbered = numberer();
  const response = responseOf(reply, { status: 'in_progress', output: [], usage: null });
  return {
    beginning: numbered([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ]),
    opening: numbered(spread.flatMap((item, index) => (index < last ? Object.values(item).flat() : item.opening))),
    deltas: numbered(spread[last]?.deltas ?? []),
    closing: numbered([...(spread[last]?.closing ?? []), { type: 'response.completed', response: completed(reply) }]),
  };
}

/** The response object of a reply that is complete. */
export function completed(reply: Reply): object {
  const output = reply.output.map(({ done }) => done);
  return responseOf(reply, { status: 'completed', output, usage: usageOf(reply.usage) });
}

/** The event that ends a response with an error. */
export function failedEvent(reply: Reply, error: ErrorObject, sequence: number): EventPart {
  const response = { ...responseOf(reply, { status: 'failed', output: [], usage: null }), error };
  return { type: 'response.failed', sequence_number: sequence, response };
}

export function errorEvent({ code, message, param }: ErrorObject, sequence: number): EventPart {
  return { type: 'error', sequence_number: sequence, code: code ?? null, message, param: param ?? null };
}

export function sseEvent(event: EventPart): Buffer {
  return Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

export function usageOf({ inputTokens, outputTokens }: Usage): object {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

function itemEvents(item: OutputItem, index: number): Pick<ReplyEvents, 'opening' | 'deltas' | 'closing'> {
  const placed = (parts: readonly EventPart[]): EventPart[] =>
    parts.map((part) => ({ ...part, item_id: item.done.id, output_index: index }));
  return {
    opening: [{ type: 'response.output_item.added', output_index: index, item: item.begun }, ...placed(item.opening)],
    deltas: placed(item.deltas),
    closing: [...placed(item.closing), { type: 'response.output_item.done', output_index: index, item: item.done }],
  };
}

function numberer(): (events: readonly EventPart[]) => EventPart[] {
  let next = 0;
  return (events) => events.map(({ type, ...rest }) => ({ type, sequence_number: next++, ...rest }));
}

function responseOf(
  reply: Reply,
  rest: { status: string; output: readonly object[]; usage: object | null },
): Record<string, unknown> {
  return {
    id: reply.id,
    object: 'response',
    created_at: reply.createdAt,
    status: rest.status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: reply.model,
    output: rest.output,
    parallel_tool_calls: false,
    previous_response_id: reply.previousId,
    reasoning: { effort: null, summary: null },
    store: reply.store,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: rest.usage,
    user: null,
    metadata: {},
  };
}
