import { type Answer, scriptedAnswer, scriptIn, textAnswer } from '../provider/script.ts';
import type { Content, ContentRequest } from './content-request.ts';
import { sampleOf } from './schema-sample.ts';

/** Gemini CLI opens a conversation with a turn of its own, which holds no prompt. */
const contextOpening = '<session_context>';

/** Follows the script in the last prompt; a request for JSON of a schema gets a sample of it. */
export function answerTo(request: ContentRequest, name: string): Answer {
  const schema = request.generationConfig?.responseJsonSchema ?? request.generationConfig?.responseSchema;
  if (schema !== undefined) return textAnswer(JSON.stringify(sampleOf(schema)));
  return scriptedAnswer({ provider: 'google', name, ...talkOf(request), tool: shellTool(request) });
}

function talkOf({ contents }: ContentRequest): { prompt: string; prompts: number; toolResults: number } {
  const turns = contents
    .filter(({ role }) => role !== 'model')
    .map((content) => ({ content, prompt: promptText(content) }));
  const { prompt, prompts, since } = scriptIn(turns);
  return { prompt, prompts, toolResults: countResults(since.map(({ content }) => content)) };
}

/** The text that a person wrote; what an agent adds beside a function's result is not one. */
function promptText({ parts }: Content): string {
  if (parts.some(({ functionResponse }) => functionResponse !== undefined)) return '';
  return parts
    .map(({ text }) => text ?? '')
    .filter((text) => text !== '' && !text.trimStart().startsWith(contextOpening))
    .join('\n');
}

/** Counts results of functions; a session that Gemini CLI resumes sends each twice, under one id. */
function countResults(contents: readonly Content[]): number {
  const parts = contents.flatMap((content) => content.parts);
  const ids = parts.flatMap(({ functionResponse }, index) =>
    functionResponse === undefined ? [] : [functionResponse.id ?? index],
  );
  return new Set(ids).size;
}

function shellTool({ tools = [] }: ContentRequest): string | undefined {
  const names = tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations.map(({ name }) => name));
  return names.find((name) => name === 'run_shell_command') ?? names.find((name) => /bash|shell|exec/i.test(name));
}
