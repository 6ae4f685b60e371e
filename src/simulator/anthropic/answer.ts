import { type Answer, scriptedAnswer, textAnswer } from '../provider/script.ts';
import type { ContentBlock, MessageRequest } from './message-request.ts';

const reminder = '<system-reminder>';

/** Answers by the script in the last prompt. A request for structured output gets a title. */
export function answerTo(request: MessageRequest, name: string): Answer {
  if (wantsTitle(request)) return textAnswer(JSON.stringify({ title: 'Simulated session' }));
  const prompts = request.messages.filter(({ role, content }) => role === 'user' && promptText(content) !== '').length;
  return scriptedAnswer({ provider: 'anthropic', name, prompts, tool: shellTool(request), ...lastPrompt(request) });
}

interface LastPrompt {
  readonly prompt: string;
  /** Results of tools since that prompt. */
  readonly toolResults: number;
}

function lastPrompt(request: MessageRequest): LastPrompt {
  let toolResults = 0;
  for (const { role, content } of request.messages.toReversed()) {
    if (role !== 'user') continue;
    const prompt = promptText(content);
    if (prompt !== '') return { prompt, toolResults };
    if (typeof content !== 'string') toolResults += content.filter((block) => block.type === 'tool_result').length;
  }
  return { prompt: '', toolResults };
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
