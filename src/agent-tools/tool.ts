import type { z } from 'zod';
import type { AttemptId } from '../core/ids.ts';
import type { Job } from '../core/job/job.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import type { OperationContext } from '../operations/context.ts';
import { invalidInput } from '../operations/invalid-input.ts';
import type { LockTable } from './lock-table.ts';
import type { ToolJobs, ToolStore } from './ports.ts';

/** What tools act on. */
export type ToolDeps = {
  readonly jobs: ToolJobs;
  readonly store: ToolStore;
  readonly locks: LockTable;
  /** Of operations that tools run in the name of a job. */
  readonly context: Omit<OperationContext, 'caller'>;
  readonly clock: () => EpochMs;
  /** How long a tool that waits does so before it answers that it still waits. */
  readonly waitMs: number;
  /** The same place by its one name: an absolute path, with what exists of it without links. */
  readonly realPath: (path: string) => Promise<string>;
};

/** One call, and whose it is. */
export type ToolCall = ToolDeps & {
  readonly job: Job;
  readonly attempt: AttemptId;
  /** The client has gone, or Stint stops: a tool that waits answers at once. */
  readonly signal: AbortSignal;
};

type Definition<Input extends z.ZodObject, Output extends z.ZodType> = {
  readonly name: string;
  readonly title: string;
  /** For a model: what it does, and when to use it. */
  readonly description: string;
  readonly effect: 'read' | 'write';
  readonly input: Input;
  readonly output: Output;
};

/** A tool whose input and output types are known only to itself. */
export type AgentTool = Definition<z.ZodObject, z.ZodType> & {
  readonly run: (input: never, call: ToolCall) => Promise<unknown>;
};

export function agentTool<Input extends z.ZodObject, Output extends z.ZodType>(
  definition: Definition<Input, Output> & {
    run(input: z.infer<Input>, call: ToolCall): Promise<z.input<Output>>;
  },
): AgentTool {
  // Sound because `runTool` is the only caller of `run`, and parses with this definition's own schema first.
  return { ...definition, input: definition.input.strict() } as unknown as AgentTool;
}

/** Checks the input by the schema that clients are shown, runs, and checks what came out. Throws a Problem for bad input. */
export async function runTool(tool: AgentTool, raw: unknown, call: ToolCall): Promise<unknown> {
  const parsed = tool.input.safeParse(raw);
  if (!parsed.success) throw invalidInput(tool, raw, parsed.error);
  return tool.output.parse(await tool.run(parsed.data as never, call));
}

/** The job as it is now: it may have moved on since the call began. */
export function presentJob({ jobs, job, attempt }: ToolCall): Job {
  const now = jobs.find(job.id);
  if (now !== undefined && jobs.isPresent(attempt)) return now;
  throw new Problem('conflict', `Your work on job ${job.id} has ended.`, { hint: 'There is nothing left to do.' });
}
