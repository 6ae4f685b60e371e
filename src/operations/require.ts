import { asAccountId, parseLabel, type Label, type ProviderId } from '../core/ids.ts';
import { defaultPoolOf } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import type { AccountNow, KnownAgent, OperationContext, PoolNow } from './context.ts';

/** The provider of that name. */
export function requireProvider(context: OperationContext, name: string): ProviderId {
  const provider = context.providers.ids().find((each) => each === name.trim().toLowerCase());
  if (provider !== undefined) return provider;
  throw new Problem('invalid', `${quoted(name)} is not a provider.`, {
    hint: `Use one of: ${context.providers.ids().join(', ')}`,
  });
}

/** The label that a text makes; undefined for one that makes none. */
export function newLabel(text: string): Label | undefined {
  return isPlain(text) ? parseLabel(text) : undefined;
}

/** Printable ASCII, without what stands in ids and paths. */
function isPlain(text: string): boolean {
  return !/[^ -~]|[/\\]/.test(text.trim());
}

/** A label for something new. What nobody types on purpose is refused, and never rewritten. */
export function requireLabel(text: string, what: string): Label {
  const label = newLabel(text);
  if (label !== undefined) return label;
  const rule = isPlain(text)
    ? 'it needs a letter or a digit'
    : 'take letters from a to z, digits, spaces, dots, dashes and underscores';
  throw new Problem('invalid', `${quoted(text)} makes no ${what}: ${rule}.`, { hint: 'For example: work' });
}

/** Tells that a new label is not what was typed; null where it is, but for case and space around it. */
export function rewrittenWarning(text: string, label: Label): string | null {
  return isName(text, label)
    ? null
    : `${quoted(text)} is called ${label}: names have a to z, 0 to 9 and -, at most 40 of them.`;
}

/** Whether a text names something: people type capitals, and space around it, but a name that is another is another's. */
function isName(text: string, name: string): boolean {
  return text.trim().toLowerCase() === name;
}

/** The account of that id, or the only one with that label. */
export function requireAccount(context: OperationContext, name: string): AccountNow {
  const exact = context.accounts.find(asAccountId(name.trim().toLowerCase()));
  if (exact !== undefined) return exact;
  const labelled = context.accounts.all().filter((each) => isName(name, each.account.label));
  if (labelled.length === 1 && labelled[0] !== undefined) return labelled[0];
  if (labelled.length > 1) {
    throw new Problem('conflict', `${quoted(name)} names more than one account.`, {
      hint: `Say which: ${labelled.map((each) => each.account.id).join(', ')}`,
    });
  }
  throw new Problem('not_found', `There is no account ${quoted(name)}.`, { hint: 'See: stint account list' });
}

export function requirePool(context: OperationContext, name: string): PoolNow {
  const pool = findPool(context, name);
  if (pool !== undefined) return pool;
  throw new Problem('not_found', `There is no pool ${quoted(name)}.`, { hint: 'See: stint pool list' });
}

/** The pool of that name. */
export function findPool({ pools }: Pick<OperationContext, 'pools'>, name: string): PoolNow | undefined {
  const label = parseLabel(name);
  return label === undefined || !isName(name, label) ? undefined : pools.find(label);
}

export function isDefaultPool({ name, provider }: PoolNow['pool']): boolean {
  return name === defaultPoolOf(provider);
}

/** The agent of that name. */
export function requireAgent(context: OperationContext, name: string): KnownAgent {
  const agent = context.agents.find(name.trim().toLowerCase());
  if (agent !== undefined) return agent;
  throw new Problem('invalid', `${quoted(name)} is not an agent that Stint knows.`, {
    hint: `Use one of: ${context.agents.ids().join(', ')}`,
  });
}

/** A text of somebody else's in a sentence of ours: short, and on one line. */
export function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return `"${line.length > 60 ? `${line.slice(0, 60)}…` : line}"`;
}
