import { type Answer, scriptedAnswer, scriptedCall, scriptIn, textAnswer } from '../provider/script.ts';
import type { Content, ContentRequest } from './content-request.ts';
import { sampleOf } from './schema-sample.ts';

/** Gemini CLI opens a conversation with a turn of its own, which holds no prompt. */
const contextOpening = '<session_context>';

/** Follows the script in the last prompt; a request for JSON of a schema gets a sample of it. */
export function answerTo(request: ContentRequest, name: string): Answer {
  const schema = request.generationConfig?.responseJsonSchema ?? request.generationConfig?.responseSchema;
  if (schema !== undefined) return textAnswer(JSON.stringify(sampleOf(schema)));
  const talk = talkOf(request);
  return scriptedCall(talk) ?? scriptedAnswer({ provider: 'google', name, ...talk, tool: shellTool(request) });
}

type Said = { prompt: string; prompts: number; toolResults: number; results: string[] };

function talkOf({ contents }: ContentRequest): Said {
  const turns = contents
    .filter(({ role }) => role !== 'model')
    .map((content) => ({ content, prompt: promptText(content) }));
  const { prompt, prompts, since } = scriptIn(turns);
  const results = resultsOf(since.map(({ content }) => content));
  return { prompt, prompts, toolResults: results.length, results };
}

/** The text that a person wrote; what an agent adds beside a function's result is not one. */
function promptText({ parts }: Content): string {
  if (parts.some(({ functionResponse }) => functionResponse !== undefined)) return '';
  return parts
    .map(({ text }) => text ?? '')
    .filter((text) => text !== '' && !text.trimStart().startsWith(contextOpening))
    .join('\n');
}

/** Results of functions; a session that Gemini CLI resumes sends each twice, under one id. */
function resultsOf(contents: readonly Content[]): string[] {
  const parts = contents.flatMap((content) => content.parts);
  const byId = new Map(
    parts.flatMap(({ functionResponse }, index) =>
      functionResponse === undefined
        ? []
        : [[functionResponse.id ?? index, JSON.stringify(functionResponse['response'] ?? '')] as const],
    ),
  );
  return [...byId.values()];
}

function shellTool({ tools = [] }: ContentRequest): string | undefined {
  const names = tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations.map(({ name }) => name));
  return names.find((name) => name === 'run_shell_command') ?? names.find((name) => /bash|shell|exec/i.test(name));
}
