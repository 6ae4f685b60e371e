import { Problem } from '../../core/problem.ts';

/** What a tool answers, as the protocol has it. */
export type ToolAnswer = {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError?: true;
  readonly _meta?: Readonly<Record<string, unknown>>;
};

/** The output twice: as an object for programs, and as its JSON for clients that only read text. */
export function answerOf(output: unknown): ToolAnswer {
  const structuredContent = output as Readonly<Record<string, unknown>>;
  return { content: [{ type: 'text', text: JSON.stringify(output) }], structuredContent };
}

/**
 * A failure in one line that a model can act on. It has no structured content: that would have to match the schema of
 * the tool's output; programs find the parts in `_meta`.
 */
export function failureOf(problem: Problem): ToolAnswer {
  const { code, message, hint, retryAt } = problem;
  const text = [message, ...(hint === undefined ? [] : [hint]), `(${code})`].join(' ');
  return {
    content: [{ type: 'text', text }],
    isError: true,
    _meta: { 'stint/problem': { code, message, hint: hint ?? null, ...(retryAt === undefined ? {} : { retryAt }) } },
  };
}

/** What is shown of a bug; its words may quote what nobody is to see. */
export function internalProblem(): Problem {
  return new Problem('internal', 'Internal error; the log has its stack.', { hint: 'See: stint logs' });
}
