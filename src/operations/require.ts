import { asAccountId, parseLabel, type AccountId, type Label, type ProviderId } from '../core/ids.ts';
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

export function requireLabel(text: string, what: string): Label {
  const label = parseLabel(text);
  if (label !== undefined) return label;
  throw new Problem('invalid', `${quoted(text)} makes no ${what}: it needs a letter or a digit.`, {
    hint: 'For example: work',
  });
}

/** The account of that id, or the only one with that label. */
export function requireAccount(context: OperationContext, name: string): AccountNow {
  const exact = context.accounts.find(asAccountId(normalized(name)));
  if (exact !== undefined) return exact;
  const label = parseLabel(name);
  const labelled = name.includes('/') ? [] : context.accounts.all().filter((each) => each.account.label === label);
  if (labelled.length === 1 && labelled[0] !== undefined) return labelled[0];
  if (labelled.length > 1) {
    throw new Problem('conflict', `${quoted(name)} names more than one account.`, {
      hint: `Say which: ${labelled.map((each) => each.account.id).join(', ')}`,
    });
  }
  throw new Problem('not_found', `There is no account ${quoted(name)}.`, { hint: 'See: stint account list' });
}

export function requirePool(context: OperationContext, name: string): PoolNow {
  const label = parseLabel(name);
  const pool = label === undefined ? undefined : context.pools.find(label);
  if (pool !== undefined) return pool;
  throw new Problem('not_found', `There is no pool ${quoted(name)}.`, { hint: 'See: stint pool list' });
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

function normalized(name: string): AccountId {
  const [provider, ...rest] = name.trim().toLowerCase().split('/');
  return `${provider}/${parseLabel(rest.join('/')) ?? ''}` as AccountId;
}

/** A text of somebody else's in a sentence of ours: short, and on one line. */
export function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return `"${line.length > 60 ? `${line.slice(0, 60)}…` : line}"`;
}
