import { readFileSync } from 'node:fs';

/** What the simulated model says: a text, given by its deltas, or one tool call. */
export type Answer =
  | { readonly kind: 'text'; readonly text: string; readonly deltas: readonly string[] }
  | { readonly kind: 'words'; readonly count: number }
  | {
      readonly kind: 'tool';
      readonly tool: string;
      readonly step: number;
      /** What the tool is given; the command of the step when absent. */
      readonly input?: Readonly<Record<string, unknown>>;
    };

/** A conversation as far as it decides the answer. */
export interface Talk {
  /** Who answers: the provider, and the name of the credential. */
  readonly provider: string;
  readonly name: string;
  /** What a person wrote last; an agent's own additions left out. */
  readonly prompt: string;
  /** How many prompts of a person there are. */
  readonly prompts: number;
  /** Results of tools since the last prompt. */
  readonly toolResults: number;
  /** What those results say, as far as the provider reads them. */
  readonly results?: readonly string[];
  /** The tool that runs a shell command, where the request offers one. */
  readonly tool: string | undefined;
}

/**
 * Follows the script in the last prompt: `[[steps:N]]` calls a tool N times before the text, `[[again:N]]` does so with
 * the same input each time, `[[say:TEXT]]` is the text itself, `[[words:N]]` a text of N words.
 */
export function scriptedAnswer(talk: Talk): Answer {
  const { tool, toolResults } = talk;
  // What a call is given may be a script of somebody else's.
  const prompt = talk.prompt.replaceAll(callForm, '');
  const steps = Number(/\[\[steps:(\d+)\]\]/.exec(prompt)?.[1] ?? 0);
  if (tool !== undefined && toolResults < steps) return { kind: 'tool', tool, step: toolResults + 1 };
  const again = Number(/\[\[again:(\d+)\]\]/.exec(prompt)?.[1] ?? 0);
  if (tool !== undefined && toolResults < again) return { kind: 'tool', tool, step: 1 };
  const words = /\[\[words:(\d+)\]\]/.exec(prompt)?.[1];
  if (words !== undefined) return { kind: 'words', count: Math.min(Number(words), 200_000) };
  const said = /\[\[say:([\s\S]*?)\]\]/.exec(prompt)?.[1];
  return textAnswer(said ?? greeting(talk));
}

const callForm = /\[\[tool:(\S+)\s+(\{[\s\S]*?\})\]\]/g;

/**
 * Follows `[[tool:NAME {"its":"input"}]]` in a prompt, one call of any tool after the other; undefined when all were made.
 * `<<1.id>>` in an input is the text of the field `id` in the first result.
 */
export function scriptedCall({
  prompt,
  toolResults,
  results = [],
}: Pick<Talk, 'prompt' | 'toolResults' | 'results'>): Answer | undefined {
  const [, tool, input] = [...prompt.matchAll(callForm)][toolResults] ?? [];
  if (tool === undefined || input === undefined) return undefined;
  const filled = input.replaceAll(/<<(\d+)\.(\w+)>>/g, (_, number: string, field: string) =>
    fieldIn(results[Number(number) - 1] ?? '', field),
  );
  return { kind: 'tool', tool, step: toolResults + 1, input: JSON.parse(filled) as Record<string, unknown> };
}

/** A text of a result, which may be JSON in JSON. */
function fieldIn(result: string, field: string): string {
  return new RegExp(`\\\\*"${field}\\\\*":\\s*\\\\*"([^"\\\\]*)`).exec(result)?.[1] ?? '';
}

/** Finds the prompt whose script holds among the turns of a conversation, and the turns after it. */
export function scriptIn<Turn extends { readonly prompt: string }>(
  turns: readonly Turn[],
): { readonly prompt: string; readonly prompts: number; readonly since: readonly Turn[] } {
  const prompts = turns.filter(({ prompt }) => prompt !== '').map((turn) => ({ turn, prompt: contentOf(turn.prompt) }));
  const last = prompts.findLast(({ prompt }) => !isContinuation(prompt)) ?? prompts.at(-1);
  const since = last === undefined ? turns : turns.slice(turns.indexOf(last.turn) + 1);
  return { prompt: last?.prompt ?? '', prompts: prompts.length, since };
}

/** A file that a prompt refers to is on the same machine: what a tool would read there is read at once. */
function contentOf(prompt: string): string {
  const [, path] = /^Read the file (\/.+) and do what it says\.$/m.exec(prompt) ?? [];
  if (path === undefined) return prompt;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return prompt;
  }
}

/** Whether a prompt only asks to go on, so that the script of the prompt before it still holds. */
function isContinuation(prompt: string): boolean {
  return /^\s*(please )?continue\b/i.test(prompt) && !prompt.includes('[[');
}

export function textAnswer(text: string): Answer {
  return { kind: 'text', text, deltas: text.match(/\s*\S+\s*/g) ?? [text] };
}

/** The pieces in which a text arrives, one per output token. */
export function textDeltas(answer: Exclude<Answer, { kind: 'tool' }>): readonly string[] {
  return answer.kind === 'text' ? answer.deltas : Array.from({ length: answer.count }, () => 'word ');
}

/** The command of a scripted step. */
export function stepCommand(step: number): string {
  return `echo step ${step}`;
}

function greeting({ provider, name, prompt, prompts, toolResults }: Talk): string {
  const remembered = `I remember ${prompts} ${prompts === 1 ? 'prompt' : 'prompts'}: ${JSON.stringify(prompt.slice(0, 80))}.`;
  const steps = toolResults > 0 ? ` ${toolResults} steps done.` : '';
  return `Hello from ${provider} as ${name}. ${remembered}${steps}`;
}
