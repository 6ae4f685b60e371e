import { z } from 'zod';
import type { Ended } from './stint.ts';

const eventSchema = z.looseObject({
  type: z.string(),
  thread_id: z.string().optional(),
  message: z.string().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
  item: z
    .looseObject({
      type: z.string(),
      text: z.string().optional(),
      aggregated_output: z.string().optional(),
      message: z.string().optional(),
    })
    .optional(),
});

/** A line of `codex exec --json`. */
export type CodexEvent = z.infer<typeof eventSchema>;

/** What a headless run of Codex printed and how it ended. */
export type CodexRun = Ended & {
  readonly events: readonly CodexEvent[];
  /** The conversation. */
  readonly thread: string;
  /** The last thing that it said. */
  readonly said: string | undefined;
  /** How the turn ended: with null, or with what Codex tells of its failure. */
  readonly failure: string | null;
  /** Everything else that tells of a failure, overcome or not; empty for an agent that met none. */
  readonly trouble: readonly string[];
  /** What the commands that it ran printed, in order. */
  readonly commands: readonly string[];
};

/** Reads the stream; throws when the turn has no end in it. */
export function readCodexRun(ended: Ended): CodexRun {
  const events = ended.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => eventSchema.parse(JSON.parse(line)));
  const last = events.at(-1);
  if (last?.type !== 'turn.completed' && last?.type !== 'turn.failed')
    throw new Error(`codex ended with ${ended.code} without an end: ${ended.stderr}${ended.stdout.slice(-2000)}`);
  const done = events.flatMap(({ type, item }) => (type === 'item.completed' && item !== undefined ? [item] : []));
  return {
    ...ended,
    events,
    thread: events.find(({ type }) => type === 'thread.started')?.thread_id ?? '',
    said: done.findLast(({ type }) => type === 'agent_message')?.text,
    failure: last.type === 'turn.failed' ? (last.error?.message ?? '') : null,
    trouble: events.flatMap(({ type, message, item }) => {
      if (type === 'error') return [message ?? ''];
      return item?.type === 'error' ? [item.message ?? ''] : [];
    }),
    commands: done.flatMap(({ type, aggregated_output: output }) =>
      type === 'command_execution' ? [(output ?? '').trimEnd()] : [],
    ),
  };
}
