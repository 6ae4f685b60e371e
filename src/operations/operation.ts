import type { z } from 'zod';
import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';
import { inputFields, type FieldSchema } from './text-input.ts';

/**
 * One thing that Stint can do. Every surface is a projection of it: `name` is `noun.verb`, `positional` names the
 * inputs that people give without a flag, a field whose schema has `.meta({ secret: true })` is never taken from an
 * argument, one with `.meta({ path: true })` is an absolute path, and `effect` says whether a surface has to ask first.
 */
export type Operation<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> = {
  readonly name: string;
  readonly summary: string;
  readonly effect: 'read' | 'write' | 'destructive';
  readonly positional: readonly (keyof z.infer<Input> & string)[];
  readonly input: Input;
  readonly output: Output;
  /** A reading operation that finds wrong input, and takes this one's but for a secret: surfaces call it before they ask. */
  readonly precheck?: string;
  /** Surfaces that do not offer it, each with the reason. */
  readonly hidden?: Readonly<Partial<Record<'rest' | 'cli', string>>>;
  run(input: z.infer<Input>, context: OperationContext): Promise<z.input<Output>> | z.input<Output>;
};

/** An operation whose input and output types are known only to itself. */
export type AnyOperation = Operation<z.ZodObject, z.ZodType>;

export function operation<Input extends z.ZodObject, Output extends z.ZodType>(
  definition: Operation<Input, Output>,
): AnyOperation {
  // Sound because `execute` is the only caller of `run`, and parses with this definition's own schema first.
  return { ...definition, input: definition.input.strict() } as unknown as AnyOperation;
}

/**
 * Validates, runs, notes what was changed and checks what came out. Throws a Problem for bad input; whatever else is
 * thrown is a bug.
 */
export async function execute(target: AnyOperation, raw: unknown, context: OperationContext): Promise<unknown> {
  const input = raw ?? {};
  const parsed = target.input.safeParse(input);
  if (!parsed.success) throw invalidInput(target, input, parsed.error);
  if (target.effect === 'read') return target.output.parse(await target.run(parsed.data, context));
  const output = await context.inTurn(async () => target.run(parsed.data, context));
  context.audit({ operation: target.name, actor: context.actor, of: subjectOf(target, parsed.data) });
  return target.output.parse(output);
}

/** What people name without a flag says what was acted on, and is never a secret. */
function subjectOf(target: AnyOperation, input: Readonly<Record<string, unknown>>): string {
  const named = target.positional.flatMap((name) => input[name]);
  return named.filter((each) => typeof each === 'string').join(' ');
}

/** The first thing that is wrong, in words that fit a flag as well as a field. */
function invalidInput(target: AnyOperation, raw: unknown, error: z.ZodError): Problem {
  const { fields } = inputFields(target);
  const hint = `It takes: ${Object.keys(fields).join(', ') || 'nothing'}`;
  return new Problem('invalid', `${describeIssue(target, raw, error.issues[0])}.`, { hint });
}

function describeIssue(target: AnyOperation, raw: unknown, issue: z.core.$ZodIssue | undefined): string {
  const name = issue?.path[0];
  if (issue?.code === 'unrecognized_keys')
    return `${target.name} has no field ${issue.keys.map((key) => key.slice(0, 60)).join(', ')}`;
  if (typeof name !== 'string') return `${target.name} takes an object with its fields`;
  if ((raw as Record<string, unknown>)[name] === undefined) return `${name} is missing`;
  return `${name} must be ${expectedOf(inputFields(target).fields[name])}`;
}

function expectedOf(field: FieldSchema | undefined): string {
  if (field?.enum !== undefined) return `one of: ${field.enum.join(', ')}`;
  switch (field?.type) {
    case 'integer': {
      const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = field;
      return maximum === Number.MAX_SAFE_INTEGER
        ? `a whole number of at least ${minimum}`
        : `a whole number from ${minimum} to ${maximum}`;
    }
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list of texts';
    default:
      return field?.maxLength === undefined ? 'a text' : `a text of at most ${field.maxLength} characters`;
  }
}
