import type { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { describeTarget, type About } from './about.ts';
import type { OperationContext } from './context.ts';
import { diskProblem } from './disk-problem.ts';
import { invalidInput } from './invalid-input.ts';

/** Ways to reach operations that a definition may opt out of, each with a reason. The CLI speaks REST over its socket. */
export const projections = ['rest', 'cli', 'mcp', 'telegram'] as const;
export type Projection = (typeof projections)[number];

type Definition<Input extends z.ZodObject, Output extends z.ZodType> = {
  readonly name: string;
  readonly summary: string;
  readonly effect: 'read' | 'write' | 'destructive';
  readonly positional: readonly (keyof z.infer<Input> & string)[];
  /**
   * The inputs for the audit trail, never a secret: the first that is given says what was acted on, the others how. Those
   * without a flag when absent.
   */
  readonly subject?: readonly (keyof z.infer<Input> & string)[];
  /** Says it where inputs by themselves do not. Throws nothing. */
  about?(input: z.infer<Input>, context: OperationContext): About;
  readonly input: Input;
  /** Of the answer; of each item where it answers with a stream. */
  readonly output: Output;
  /** A reading operation that finds wrong input, and takes this one's but for a secret: surfaces call it before they ask. */
  readonly precheck?: string;
  /** It takes long and changes nothing that other operations look at: they need not wait for it. */
  readonly outOfTurn?: true;
  /** What was done is not in the audit trail: there is much of it, such as keys; what was refused is. */
  readonly untold?: true;
  /** Surfaces that do not offer it, each with the reason. */
  readonly hidden?: Readonly<Partial<Record<Projection, string>>>;
};

/**
 * One thing that Stint can do. Every surface is a projection of it: `name` is `noun.verb`, `positional` names the
 * inputs that people give without a flag, a field whose schema has `.meta({ secret: true })` is never taken from an
 * argument, one with `.meta({ path: true })` is an absolute path, and `effect` says whether a surface has to ask first.
 */
export type Operation<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> = Definition<
  Input,
  Output
> & {
  run(input: z.infer<Input>, context: OperationContext): Promise<z.input<Output>> | z.input<Output>;
};

/** One whose answer goes on until the caller aborts. It only reads. */
export type StreamingOperation<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> = Omit<
  Definition<Input, Output>,
  'effect' | 'precheck'
> & {
  stream(input: z.infer<Input>, context: OperationContext, signal: AbortSignal): AsyncIterable<z.input<Output>>;
};

/** An operation whose input and output types are known only to itself. */
export type AnyOperation = Definition<z.ZodObject, z.ZodType> &
  (
    | { readonly kind: 'call'; readonly run: Operation['run'] }
    | { readonly kind: 'stream'; readonly stream: StreamingOperation['stream'] }
  );

export function operation<Input extends z.ZodObject, Output extends z.ZodType>(
  definition: Operation<Input, Output>,
): AnyOperation {
  // Sound because `execute` is the only caller of `run`, and parses with this definition's own schema first.
  return { ...definition, kind: 'call', input: definition.input.strict() } as unknown as AnyOperation;
}

export function streamingOperation<Input extends z.ZodObject, Output extends z.ZodType>(
  definition: StreamingOperation<Input, Output>,
): AnyOperation {
  return { ...definition, kind: 'stream', effect: 'read', input: definition.input.strict() } as unknown as AnyOperation;
}

/**
 * Authorises, validates, runs, notes what was changed and checks what came out. Throws a Problem for bad input and what
 * the caller may not do; whatever else is thrown is a bug.
 */
export async function execute(target: AnyOperation, raw: unknown, context: OperationContext): Promise<unknown> {
  if (target.kind !== 'call') throw new Error(`${target.name} answers with a stream`);
  if (target.effect === 'read') return target.output.parse(await target.run(parseInput(target, raw), context));
  let about: About = { subject: '', detail: null };
  const note = (outcome: 'done' | Problem['code']): Promise<void> =>
    context.audit({
      ...{ kind: target.name, surface: context.caller.surface, actor: context.caller.actor },
      ...{ ...about, outcome },
    });
  try {
    authorise(target, context);
    const input = parseInput(target, raw);
    const run = async (): Promise<unknown> => {
      about = describeTarget(target, input, context);
      return target.run(input, context);
    };
    const output = await (target.outOfTurn === true ? run() : context.inTurn(run));
    if (target.untold !== true) await note('done');
    return target.output.parse(output);
  } catch (error) {
    const problem = diskProblem(error) ?? error;
    await note(problem instanceof Problem ? problem.code : 'internal');
    throw problem;
  }
}

/** As `execute`, for one that answers with a stream; bad input is thrown before anything is waited for. Ends when `signal` aborts. */
export function executeStream(
  target: AnyOperation,
  raw: unknown,
  { context, signal }: { readonly context: OperationContext; readonly signal: AbortSignal },
): AsyncGenerator<unknown> {
  if (target.kind !== 'stream') throw new Error(`${target.name} answers at once`);
  const items = target.stream(parseInput(target, raw), context, signal);
  return checked(target, items);
}

async function* checked(target: AnyOperation, items: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const item of items) yield target.output.parse(item);
}

function authorise(target: AnyOperation, { caller }: OperationContext): void {
  if (caller.scope === 'full' || target.effect === 'read') return;
  throw new Problem('forbidden', `This token only reads, and ${target.name} changes something.`, {
    hint: 'Use the token of the file `token` in Stint’s home.',
  });
}

/** What an operation may run with. Throws a Problem for what is wrong or is no field of it. */
export function parseInput(target: AnyOperation, raw: unknown): Record<string, unknown> {
  const input = raw ?? {};
  const parsed = target.input.safeParse(input);
  if (!parsed.success) throw invalidInput(target, input, parsed.error);
  return parsed.data;
}
