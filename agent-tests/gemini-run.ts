import { z } from 'zod';
import type { Ended } from './stint.ts';

const lineSchema = z.looseObject({ type: z.string() });
const initSchema = z.looseObject({ type: z.literal('init'), session_id: z.string(), model: z.string() });
const saidSchema = z.looseObject({ type: z.literal('message'), role: z.literal('assistant'), content: z.string() });
const toolSchema = z.looseObject({
  type: z.literal('tool_result'),
  status: z.string(),
  output: z.string().default(''),
});
const resultSchema = z.looseObject({
  type: z.literal('result'),
  status: z.string(),
  error: z.looseObject({ message: z.string() }).optional(),
});

export type GeminiLine = z.infer<typeof lineSchema>;

/** What a headless run of Gemini CLI printed and how it ended. */
export type GeminiRun = Ended & {
  readonly lines: readonly GeminiLine[];
  readonly status: string;
  /** What the model said, piece after piece. */
  readonly text: string;
  /** What the person is told of the failure; undefined where there is none. */
  readonly error: string | undefined;
  /** Everything printed that tells of a failure, overcome or not; empty for an agent that met none. */
  readonly trouble: readonly string[];
  /** What the tools printed, in order. */
  readonly toolResults: readonly string[];
  /** Conversations that the stream speaks of. */
  readonly sessions: readonly string[];
};

/** Reads the stream; throws when its last line is no result. */
export function readGeminiRun(ended: Ended): GeminiRun {
  const run = readGeminiLines(ended);
  const result = resultSchema.safeParse(run.lines.at(-1));
  if (!result.success)
    throw new Error(`gemini ended with ${ended.code} without a result: ${ended.stderr}${ended.stdout.slice(-2000)}`);
  return { ...run, status: result.data.status, error: result.data.error?.message };
}

/** Reads a stream that may have no end. */
export function readGeminiLines(ended: Ended): Omit<GeminiRun, 'status' | 'error'> {
  const lines = ended.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => lineSchema.parse(JSON.parse(line)));
  const failures = lines.filter(({ type, status }) => type === 'error' || status === 'error');
  return {
    ...ended,
    lines,
    text: lines.map((line) => saidSchema.safeParse(line).data?.content ?? '').join(''),
    trouble: [...failures.map((line) => JSON.stringify(line)), ...troubleIn(ended.stderr)],
    toolResults: lines.flatMap((line) => toolSchema.safeParse(line).data?.output ?? []),
    sessions: [...new Set(lines.flatMap((line) => initSchema.safeParse(line).data?.session_id ?? []))],
  };
}

/** Gemini CLI tells of every request that failed there, and of a few things that are none. */
function troubleIn(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !harmless.some((each) => line.startsWith(each)));
}

const harmless = ['Warning: 256-color support', 'YOLO mode is enabled', 'Ripgrep is not available', '[STARTUP] '];
