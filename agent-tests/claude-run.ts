import { z } from 'zod';
import type { Ended } from './stint.ts';

const lineSchema = z.looseObject({
  type: z.string(),
  subtype: z.string().optional(),
  session_id: z.string().optional(),
});
const toolLineSchema = z.looseObject({
  type: z.literal('user'),
  message: z.looseObject({ content: z.array(z.looseObject({ type: z.literal('tool_result'), content: z.string() })) }),
});
const resultSchema = z.looseObject({
  type: z.literal('result'),
  is_error: z.boolean(),
  result: z.string().default(''),
  num_turns: z.number(),
  api_error_status: z.number().nullish(),
});

export type ClaudeLine = z.infer<typeof lineSchema>;

/** What a headless run of Claude Code printed and how it ended. */
export type ClaudeRun = Ended & {
  readonly lines: readonly ClaudeLine[];
  readonly result: z.infer<typeof resultSchema>;
  /** Everything in the stream that tells of a failure, overcome or not; empty for an agent that met none. */
  readonly trouble: readonly string[];
  /** Announcements that the agent asks again by itself. */
  readonly retries: readonly ClaudeLine[];
  /** What the tools printed, in order. */
  readonly toolResults: readonly string[];
  /** Conversations that the stream speaks of. */
  readonly sessions: readonly string[];
};

/** Reads the stream; throws when its last line is no result. */
export function readRun(ended: Ended): ClaudeRun {
  const lines = ended.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => lineSchema.parse(JSON.parse(line)));
  const result = resultSchema.safeParse(lines.at(-1));
  if (!result.success)
    throw new Error(`claude ended with ${ended.code} without a result: ${ended.stderr}${ended.stdout.slice(-2000)}`);
  return {
    ...ended,
    lines,
    result: result.data,
    trouble: lines.filter(isTrouble).map((line) => JSON.stringify(line)),
    retries: lines.filter(({ subtype }) => subtype === 'api_retry'),
    toolResults: lines.flatMap(
      (line) => toolLineSchema.safeParse(line).data?.message.content.map(({ content }) => content) ?? [],
    ),
    sessions: [...new Set(lines.flatMap((line) => line.session_id ?? []))],
  };
}

function isTrouble(line: ClaudeLine): boolean {
  return (
    line.subtype === 'api_retry' || line.type === 'rate_limit_event' || 'error' in line || line['is_error'] === true
  );
}
