import { Problem } from '../../core/problem.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { inputFields } from '../../operations/text-input.ts';

/** `defaultHold` as it is typed: `--default-hold`. */
export function flagOf(field: string): string {
  return `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const takes = 'It takes: ';

/** A problem about fields, in the words of the command line. */
export function inCliWords(problem: Problem, operation: AnyOperation): Problem {
  const { code, message, hint, retryAt, cause } = problem;
  if (code !== 'invalid') return problem;
  const { fields } = inputFields(operation);
  const nameOf = (field: string): string => (operation.positional.includes(field) ? `<${field}>` : flagOf(field));
  const named = Object.keys(fields).find((field) => message.startsWith(`${field} `));
  const own = hint?.startsWith(takes) === true ? hint.slice(takes.length).split(', ') : undefined;
  return new Problem(
    code,
    named === undefined || own === undefined ? message : nameOf(named) + message.slice(named.length),
    {
      ...(hint === undefined
        ? {}
        : {
            hint:
              own === undefined
                ? hint
                : `${takes}${own.map((each) => (Object.hasOwn(fields, each) ? nameOf(each) : each)).join(', ')}`,
          }),
      ...(retryAt === undefined ? {} : { retryAt }),
      cause,
    },
  );
}
