import { type Answer, scriptedAnswer, scriptedCall, scriptIn, textAnswer } from '../provider/script.ts';
import type { ContentBlock, MessageRequest } from './message-request.ts';

const reminder = '<system-reminder>';

/** Answers by the script in the last prompt. A request for structured output gets a title. */
export function answerTo(request: MessageRequest, name: string): Answer {
  if (wantsTitle(request)) return textAnswer(JSON.stringify({ title: 'Simulated session' }));
  const talk = talkOf(request);
  return scriptedCall(talk) ?? scriptedAnswer({ provider: 'anthropic', name, tool: shellTool(request), ...talk });
}

type Said = { prompt: string; prompts: number; toolResults: number; results: string[] };

function talkOf({ messages }: MessageRequest): Said {
  const turns = messages
    .filter(({ role }) => role === 'user')
    .map(({ content }) => ({ content, prompt: promptText(content) }));
  const { prompt, prompts, since } = scriptIn(turns);
  const blocks = since.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  const results = blocks.filter(({ type }) => type === 'tool_result').map((block) => JSON.stringify(block));
  return { prompt, prompts, toolResults: results.length, results };
}

/** The text that a person wrote; an agent adds its own blocks beside it. */
function promptText(content: string | readonly ContentBlock[]): string {
  if (typeof content === 'string') return content.startsWith(reminder) ? '' : content;
  return content
    .map((block) => (block.type === 'text' ? (block.text ?? '') : ''))
    .filter((text) => text !== '' && !text.startsWith(reminder))
    .join('\n');
}

function shellTool(request: MessageRequest): string | undefined {
  const names = (request.tools ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
  return names.find((name) => name === 'Bash') ?? names.find((name) => /bash|shell|exec/i.test(name)) ?? names[0];
}

function wantsTitle(request: MessageRequest): boolean {
  const format = request.output_config?.format ?? request.output_format;
  return format?.schema?.properties?.['title'] !== undefined;
}
