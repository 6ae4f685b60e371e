import type { ContentBlock, MessageRequest } from './message-request.ts';

/** What the simulated model says: a text, given by its deltas, or one tool call. */
export type Answer =
  | { readonly kind: 'text'; readonly text: string; readonly deltas: readonly string[] }
  | { readonly kind: 'words'; readonly count: number }
  | { readonly kind: 'tool'; readonly tool: string; readonly step: number };

const reminder = '<system-reminder>';

/**
 * Follows the script in the last prompt: `[[steps:N]]` calls a tool N times before the text, `[[say:TEXT]]` is the
 * text itself, `[[words:N]]` a text of N words. A request for structured output gets a title.
 */
export function answerTo(request: MessageRequest, name: string): Answer {
  if (wantsTitle(request)) return textAnswer(JSON.stringify({ title: 'Simulated session' }));
  const { prompt, toolResults } = lastPrompt(request);
  const steps = Number(/\[\[steps:(\d+)\]\]/.exec(prompt)?.[1] ?? 0);
  const tool = shellTool(request);
  if (tool !== undefined && toolResults < steps) return { kind: 'tool', tool, step: toolResults + 1 };
  const words = /\[\[words:(\d+)\]\]/.exec(prompt)?.[1];
  if (words !== undefined) return { kind: 'words', count: Math.min(Number(words), 200_000) };
  const said = /\[\[say:([\s\S]*?)\]\]/.exec(prompt)?.[1];
  return textAnswer(said ?? greeting(request, { name, prompt, toolResults }));
}

export function textAnswer(text: string): Answer {
  return { kind: 'text', text, deltas: text.match(/\s*\S+\s*/g) ?? [text] };
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

function greeting(request: MessageRequest, from: LastPrompt & { name: string }): string {
  const prompts = request.messages.filter(({ role, content }) => role === 'user' && promptText(content) !== '').length;
  const remembered = `I remember ${prompts} ${prompts === 1 ? 'prompt' : 'prompts'}: ${JSON.stringify(from.prompt.slice(0, 80))}.`;
  const steps = from.toolResults > 0 ? ` ${from.toolResults} steps done.` : '';
  return `Hello from anthropic as ${from.name}. ${remembered}${steps}`;
}

function shellTool(request: MessageRequest): string | undefined {
  const names = (request.tools ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
  return names.find((name) => name === 'Bash') ?? names.find((name) => /bash|shell|exec/i.test(name)) ?? names[0];
}

function wantsTitle(request: MessageRequest): boolean {
  const format = request.output_config?.format ?? request.output_format;
  return format?.schema?.properties?.['title'] !== undefined;
}
