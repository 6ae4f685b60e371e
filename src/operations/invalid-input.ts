import type { z } from 'zod';
import { Problem } from '../core/problem.ts';
import type { AnyOperation } from './operation.ts';
import { inputFields, type FieldSchema } from './text-input.ts';

/** The first thing that is wrong, in words that fit a flag as well as a field. */
export function invalidInput(target: AnyOperation, raw: unknown, error: z.ZodError): Problem {
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
  if (issue?.code === 'too_small' && issue.origin === 'string') return `${name} is empty`;
  // The schema says it in words of its own: its pattern would be no help.
  if (issue?.code === 'invalid_format') return `${name} must be ${issue.message}`;
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
      return field.minimum === undefined || field.maximum === undefined
        ? 'a number'
        : `a number from ${field.minimum} to ${field.maximum}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list of texts';
    case 'object':
      return 'names, of letters, digits and _, each with a text';
    default:
      return field?.maxLength === undefined ? 'a text' : `a text of at most ${field.maxLength} characters`;
  }
}
