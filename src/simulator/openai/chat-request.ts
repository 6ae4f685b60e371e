import { z } from 'zod';
import { type Answer, scriptedAnswer } from '../provider/script.ts';
import { type BodyProblem, parseBody } from './responses-request.ts';

const messageSchema = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).nullish(),
});

const requestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(messageSchema).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  tools: z
    .array(z.looseObject({ type: z.string(), function: z.looseObject({ name: z.string() }).optional() }))
    .nullish(),
});

/** The parts of a chat completion request that decide the answer. */
export type ChatRequest = z.infer<typeof requestSchema>;

export function parseChatRequest(body: string): { kind: 'request'; request: ChatRequest } | BodyProblem {
  return parseBody(requestSchema, body);
}

/** Answers a conversation by the script in its last prompt. */
export function chatAnswer(request: ChatRequest, name: string): Answer {
  let toolResults = 0;
  let prompt = '';
  for (const message of request.messages.toReversed()) {
    if (message.role === 'tool') toolResults += 1;
    if (message.role !== 'user') continue;
    prompt = textOf(message);
    break;
  }
  const names = (request.tools ?? []).flatMap(({ function: tool }) => (tool === undefined ? [] : [tool.name]));
  const tool = names.find((candidate) => /bash|shell|exec/i.test(candidate)) ?? names[0];
  const prompts = request.messages.filter(({ role }) => role === 'user').length;
  return scriptedAnswer({ provider: 'openai', name, prompt, prompts, toolResults, tool });
}

function textOf({ content }: ChatRequest['messages'][number]): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text }) => text ?? '').join('\n');
}
