import { type Answer, textDeltas } from '../provider/script.ts';
import { type ScriptedReply, type ShellTool, toolInput } from './answer.ts';

/** One item of a response's output, with the events that carry its content. */
export interface OutputItem {
  /** As `output_item.added` shows it. */
  readonly begun: ItemForm;
  readonly done: ItemForm;
  /** Events between the two, besides their index and id. */
  readonly opening: readonly EventPart[];
  readonly deltas: readonly EventPart[];
  readonly closing: readonly EventPart[];
}

export interface ItemForm {
  readonly type: string;
  readonly id: string;
  readonly [field: string]: unknown;
}

export interface EventPart {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Reasoning without a summary: all of it is encrypted, or none of it is told. */
export function reasoningItem(id: string, encrypted: string | undefined): OutputItem {
  const form = { id, type: 'reasoning', summary: [] };
  const content = encrypted === undefined ? {} : { encrypted_content: encrypted };
  return { begun: form, done: { ...form, ...content }, opening: [], deltas: [], closing: [] };
}

/** The item of an answer; `id` is without its prefix. */
export function answerItem({ answer, tool }: ScriptedReply, id: string): OutputItem {
  if (answer.kind !== 'tool') return messageItem(answer, `msg_${id}`);
  if (tool === undefined) throw new Error('a step needs a tool');
  return tool.form === 'custom' ? customCall(tool, id, answer) : functionCall(tool, id, answer);
}

export function outputTokensOf({ answer }: ScriptedReply): number {
  return answer.kind === 'tool' ? 3 : textDeltas(answer).length;
}

function messageItem(answer: Exclude<Answer, { kind: 'tool' }>, id: string): OutputItem {
  const pieces = textDeltas(answer);
  const text = pieces.join('');
  const form = { id, type: 'message', role: 'assistant' };
  const part = { type: 'output_text', annotations: [], logprobs: [], text };
  return {
    begun: { ...form, status: 'in_progress', content: [] },
    done: { ...form, status: 'completed', content: [part] },
    opening: [{ type: 'response.content_part.added', content_index: 0, part: { ...part, text: '' } }],
    deltas: pieces.map((delta) => ({ type: 'response.output_text.delta', content_index: 0, delta, logprobs: [] })),
    closing: [
      { type: 'response.output_text.done', content_index: 0, text, logprobs: [] },
      { type: 'response.content_part.done', content_index: 0, part },
    ],
  };
}

type ToolAnswer = Extract<Answer, { kind: 'tool' }>;

function customCall(tool: ShellTool & { form: 'custom' }, id: string, answer: ToolAnswer): OutputItem {
  const input = toolInput(tool, answer);
  const namespace = tool.namespace === undefined ? {} : { namespace: tool.namespace };
  const form = { id: `ctc_${id}`, type: 'custom_tool_call', call_id: `call_${id}`, name: tool.name, ...namespace };
  return {
    begun: { ...form, status: 'in_progress', input: '' },
    done: { ...form, status: 'completed', input },
    opening: [],
    deltas: halves(input).map((delta) => ({ type: 'response.custom_tool_call_input.delta', delta })),
    closing: [{ type: 'response.custom_tool_call_input.done', input }],
  };
}

function functionCall(tool: ShellTool & { form: 'function' }, id: string, answer: ToolAnswer): OutputItem {
  const input = toolInput(tool, answer);
  const form = { id: `fc_${id}`, type: 'function_call', call_id: `call_${id}`, name: tool.name };
  return {
    begun: { ...form, status: 'in_progress', arguments: '' },
    done: { ...form, status: 'completed', arguments: input },
    opening: [],
    deltas: halves(input).map((delta) => ({ type: 'response.function_call_arguments.delta', delta })),
    closing: [{ type: 'response.function_call_arguments.done', arguments: input }],
  };
}

function halves(text: string): [string, string] {
  const middle = text.length >> 1;
  return [text.slice(0, middle), text.slice(middle)];
}
