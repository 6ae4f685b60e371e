import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';
import type { AnyOperation } from './operation.ts';
import { newLabel, requireAccount, requirePool } from './require.ts';

/** What a record of the audit trail says was acted on, and what else is to be known of it. Never a secret. */
export type About = { readonly subject: string; readonly detail: string | null };

type Input = Readonly<Record<string, unknown>>;

/** Finds it before the operation runs, for what it removes or renames has no name of its own then. */
export function describeTarget(target: AnyOperation, input: Input, context: OperationContext): About {
  const about = target.about?.(input, context) ?? aboutNamed(target.subject ?? target.positional, input, context);
  return { subject: cut(about.subject), detail: about.detail === null ? null : cut(about.detail) };
}

/** The first that was given is what was acted on, the others say how. */
function aboutNamed(names: readonly string[], input: Input, context: OperationContext): About {
  const given = names.flatMap((name) => {
    const values = [input[name]].flat().filter((each) => typeof each === 'string');
    return values.length === 0 ? [] : [values.map((each) => nameNow(name, each, context)).join(' ')];
  });
  const [subject = '', ...more] = given;
  return { subject, detail: more.join(' ') || null };
}

/** The id of an account and the name of a pool, however they were typed; what is neither stays as it was typed. */
export function nameNow(field: string, typed: string, context: OperationContext): string {
  const find = finders[field];
  if (find === undefined) return typed;
  try {
    return find(context, typed);
  } catch (error) {
    if (error instanceof Problem) return typed;
    throw error;
  }
}

const account = (context: OperationContext, name: string): string => requireAccount(context, name).account.id;
const pool = (context: OperationContext, name: string): string => requirePool(context, name).pool.name;
const label = (_: OperationContext, name: string): string => newLabel(name) ?? name;
const finders: Readonly<Record<string, (context: OperationContext, name: string) => string>> = {
  ...{ account, accounts: account },
  ...{ pool, label, name: label },
};

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

const longest = 200;
