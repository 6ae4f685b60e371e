import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';

/**
 * One thing that Stint can do. Every surface is a projection of it: `name` is `noun.verb`, `positional` names the
 * inputs that people give without a flag, a field whose schema has `.meta({ secret: true })` is never taken from an
 * argument, and `effect` says whether a surface has to ask first.
 */
export type Operation<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> = {
  readonly name: string;
  readonly summary: string;
  readonly effect: 'read' | 'write' | 'destructive';
  readonly positional: readonly (keyof z.infer<Input> & string)[];
  readonly input: Input;
  readonly output: Output;
  /** Surfaces that do not offer it, each with the reason. */
  readonly hidden?: Readonly<Partial<Record<'rest' | 'cli', string>>>;
  run(input: z.infer<Input>, context: OperationContext): Promise<z.input<Output>> | z.input<Output>;
};

/** An operation whose input and output types are known only to itself. */
export type AnyOperation = Operation<z.ZodObject, z.ZodType>;

export function operation<Input extends z.ZodObject, Output extends z.ZodType>(definition: Operation<Input, Output>): AnyOperation {
  // Sound because `execute` is the only caller of `run`, and parses with this definition's own schema first.
  return { ...definition, input: definition.input.strict() } as unknown as AnyOperation;
}

/** Validates, runs and checks what came out. Throws a Problem for bad input; whatever else is thrown is a bug. */
export async function execute(target: AnyOperation, raw: unknown, context: OperationContext): Promise<unknown> {
  const parsed = target.input.safeParse(raw ?? {});
  if (!parsed.success) throw invalidInput(target, parsed.error);
  return target.output.parse(await target.run(parsed.data, context));
}

function invalidInput(target: AnyOperation, error: z.ZodError): Problem {
  const issue = error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  const message = issue?.code === 'unrecognized_keys' ? `unknown field ${issue.keys.join(', ')}` : (issue?.message ?? 'invalid input');
  return new Problem('invalid', `${target.name}: ${field}${message}.`, {
    hint: `It takes: ${Object.keys(target.input.shape).join(', ') || 'nothing'}.`,
  });
}
