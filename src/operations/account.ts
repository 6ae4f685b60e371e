import { z } from 'zod';
import { realpath } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { profileCredential, type Account } from '../core/account/account.ts';
import { isLogin, mendOf } from '../core/account/mend.ts';
import { accountId, type AccountId, type ProviderId } from '../core/ids.ts';
import { defaultPoolOf } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import { travelsInClear } from '../lib/loopback.ts';
import type { About } from './about.ts';
import type { OperationContext } from './context.ts';
import { operation, type AnyOperation } from './operation.ts';
import { heldAlready, otherOwnerWarning } from './one-owner.ts';
import { newLabel, quoted, requireAccount, requireLabel, requireProvider, rewrittenWarning } from './require.ts';
import { accountShape } from './shape.ts';
import { refuseUnaskedSharing, sharingPool } from './sharing.ts';
import { viewAccount } from './view.ts';

const account = z.string().describe('Account, as provider/label; the label alone where it is the only one');

/** What names an account that is to be. */
export const wantedAccount = z.object({
  provider: z.string().describe('API vendor, such as anthropic'),
  label: z.string().describe('Your name for the account, such as work'),
  baseUrl: z.string().optional().describe('URL of a compatible vendor, in place of the provider’s own'),
  replace: z.boolean().default(false).describe('Give an account that exists a new secret'),
});
const profile = z
  .string()
  .optional()
  .meta({ path: true })
  .describe('A login directory of the provider’s own CLI, which alone uses the account then');
const shareSessions = z
  .boolean()
  .default(false)
  .describe('Let a profile have the conversations of a pool that shares them, and give it its own');
const warning = z.string().nullable().describe('What is accepted, and better known');

export const accountAdd = operation({
  name: 'account.add',
  summary: 'Add an account; its secret goes into the vault',
  effect: 'write',
  positional: ['provider', 'label'],
  precheck: 'account.check',
  about: aboutWanted,
  input: wantedAccount.extend({
    secret: z
      .string()
      .optional()
      .meta({ secret: true, unless: ['profile'] })
      .describe('API key or token'),
    profile,
    shareSessions,
  }),
  output: accountShape.extend({
    replaced: z.boolean().describe('Whether it existed and got a new secret'),
    agents: z.array(z.string()).describe('The agents that can use it'),
    warning,
  }),
  hidden: {
    mcp: 'A secret must not pass a model: stint account add asks for it.',
    telegram: 'A secret must not pass a chat: stint account add asks for it.',
  },
  async run(input, context) {
    if (input.profile !== undefined) return addProfile({ ...input, profile: input.profile }, context);
    const { provider, label, id, known, baseUrl } = planAccount(input, context);
    const secret = requireSecret(input.secret).trim();
    if (secret === '')
      throw new Problem('invalid', 'The secret is empty.', {
        hint: `Give ${context.providers.secretForms(provider)}.`,
      });
    if (baseUrl === null) refuseForeign(context, { provider, label, secret });
    const { heldBy, otherOwner } = context.logins.compare({ provider, id }, secret);
    if (heldBy !== null) throw heldAlready(heldBy);
    const added: Account = {
      id,
      provider,
      label,
      credential: context.providers.recognise(provider, secret),
      baseUrl,
      profile: null,
      project: known?.project ?? null,
      maxConcurrent: known?.maxConcurrent ?? null,
      // Whoever took the account out of service did not mean its old secret.
      standing: known?.standing === 'disabled' ? 'disabled' : 'enabled',
      standingReason: null,
      addedAt: known?.addedAt ?? context.clock(),
    };
    if (known === undefined) await context.accounts.add(added, secret);
    else await context.accounts.replace(added, secret);
    return {
      ...viewAccount(context.clock(), requireAccount(context, id)),
      replaced: known !== undefined,
      agents: agentsOf(context, provider),
      warning: otherOwner
        ? otherOwnerWarning(id)
        : (secondOwnerWarning(added) ?? warningOf(baseUrl) ?? rewrittenWarning(input.label, label)),
    };
  },
});

/** It would be sent to a vendor that it is not for. A base URL may be that of a vendor that takes it. */
function refuseForeign(
  { providers }: OperationContext,
  { provider, label, secret }: Pick<Account, 'provider' | 'label'> & { secret: string },
): void {
  const issuer = providers.issuerOf(secret);
  if (issuer === undefined || issuer.id === provider) return;
  throw new Problem('invalid', `That is a secret of ${issuer.title}, not of ${provider}.`, {
    hint: `Add it with: stint account add ${issuer.id} ${label}`,
  });
}

function agentsOf({ agents }: OperationContext, provider: Account['provider']): string[] {
  return agents.ids().filter((each) => agents.find(each)?.provider === provider);
}

/** An account that its own CLI uses in its login directory; Stint keeps no secret of it. */
async function addProfile(
  input: z.infer<typeof wantedAccount> & { profile: string; secret?: string | undefined; shareSessions: boolean },
  context: OperationContext,
) {
  if (input.secret !== undefined || input.baseUrl !== undefined)
    throw new Problem('invalid', 'A profile has its login and its provider’s own URL.', {
      hint: 'Leave out the secret and --base-url.',
    });
  const profile = resolve(input.profile);
  const { provider, label, id, known } = planAccount(input, context);
  if (known !== undefined && known.profile === null)
    throw new Problem('conflict', `Account ${id} has a secret of its own.`, {
      hint: `Remove it first with: stint account remove ${id}`,
    });
  await refuseTwin(context, id, profile);
  await requireLogin(context, provider, input.profile);
  if (!input.shareSessions) refuseUnasked(context, { provider, id, known }, profile);
  const added: Account = {
    ...{ id, provider, label, credential: profileCredential, baseUrl: null, profile },
    ...{ project: known?.project ?? null, maxConcurrent: known?.maxConcurrent ?? null },
    standing: known?.standing === 'disabled' ? 'disabled' : 'enabled',
    standingReason: null,
    addedAt: known?.addedAt ?? context.clock(),
  };
  if (known === undefined) await context.accounts.add(added, null);
  else {
    // The directory that it leaves is no longer anybody's here, and must not go on with the pool's conversations.
    if (known.profile !== profile) await context.profiles.release(id);
    await context.accounts.save(added);
  }
  await context.profiles.lookAfter();
  return {
    ...viewAccount(context.clock(), requireAccount(context, id)),
    replaced: known !== undefined,
    agents: agentsOf(context, provider),
    warning: rewrittenWarning(input.label, label),
  };
}

/** Two accounts in one directory would be one, and neither would know of the other's limits. */
async function refuseTwin({ accounts }: OperationContext, id: AccountId, folder: string): Promise<void> {
  const others = accounts.all().filter(({ account }) => account.profile !== null && account.id !== id);
  const wanted = await realFolder(folder);
  const real = await Promise.all(others.map(({ account }) => realFolder(account.profile ?? '')));
  const twin = others[real.indexOf(wanted)];
  if (twin === undefined) return;
  throw new Problem('conflict', `Account ${twin.account.id} uses this directory.`, {
    hint: 'Give each account a directory of its own.',
  });
}

/** A directory that is gone has no other name. */
function realFolder(folder: string): Promise<string> {
  return realpath(folder).catch(() => folder);
}

/** A directory that is new in a pool that shares would give away what it has, and get all that the pool has. */
function refuseUnasked(
  context: OperationContext,
  { provider, id, known }: Pick<Plan, 'provider' | 'id' | 'known'>,
  profile: string,
): void {
  if (known?.profile === profile) return;
  const joins = context.pools.find(defaultPoolOf(provider))?.pool;
  const sharing = known === undefined ? joins : sharingPool(context, id);
  if (sharing?.shareSessions === true) refuseUnaskedSharing(sharing, id);
}

async function requireLogin(context: OperationContext, provider: ProviderId, folder: string): Promise<void> {
  const agent = context.profiles.agentOf(provider);
  if (!isAbsolute(folder))
    throw new Problem('invalid', 'profile must be an absolute path.', {
      hint: 'For example: --profile ~/.claude-work',
    });
  if (!(await context.profiles.hasLogin(provider, folder)))
    throw new Problem('invalid', `${quoted(folder)} holds no login of ${agent}.`, {
      hint: `Log in there first, or let Stint do it: stint account login ${agent} <label>`,
    });
}

function requireSecret(secret: string | undefined): string {
  if (secret !== undefined) return secret;
  throw new Problem('invalid', 'secret is missing.', { hint: 'Give a secret, or the login directory of a profile.' });
}

export const accountCheck = operation({
  name: 'account.check',
  summary: 'Check what account.add would refuse, before there is a secret',
  effect: 'read',
  positional: ['provider', 'label'],
  input: wantedAccount.extend({ profile, shareSessions }),
  output: z.object({ id: z.string(), warning }),
  hidden: {
    cli: 'stint account add begins with it',
    mcp: 'It belongs to account.add, which is not here either: stint account add begins with it.',
    telegram: 'It belongs to account.add, which is not here either: stint account add begins with it.',
  },
  run(input, context) {
    const plan = planAccount(input, context);
    if (input.profile !== undefined && !input.shareSessions) refuseUnasked(context, plan, resolve(input.profile));
    return { id: plan.id, warning: warningOf(plan.baseUrl) ?? rewrittenWarning(input.label, plan.label) };
  },
});

export const accountList = operation({
  name: 'account.list',
  summary: 'List accounts and their state',
  effect: 'read',
  positional: [],
  input: z.object({}),
  output: z.object({ accounts: z.array(accountShape) }),
  run: (_, context) => ({ accounts: context.accounts.all().map((each) => viewAccount(context.clock(), each)) }),
});

export const accountShow = operation({
  name: 'account.show',
  summary: 'Show one account with its windows and limits',
  effect: 'read',
  positional: ['account'],
  input: z.object({ account }),
  output: accountShape,
  run: (input, context) => viewAccount(context.clock(), requireAccount(context, input.account)),
});

export const accountRemove = operation({
  name: 'account.remove',
  summary: 'Remove an account and its secret',
  effect: 'destructive',
  positional: ['account'],
  precheck: 'account.show',
  input: z.object({ account }),
  output: z.object({ removed: z.string() }),
  async run(input, context) {
    const { id } = requireAccount(context, input.account).account;
    await context.profiles.release(id);
    await context.accounts.remove(id);
    return { removed: id };
  },
});

export const accountDisable = standingOperation('disabled', {
  name: 'account.disable',
  summary: 'Take an account out of service',
});

export const accountEnable = standingOperation('enabled', {
  name: 'account.enable',
  summary: 'Put an account back into service',
});

export const accountSet = operation({
  name: 'account.set',
  summary: 'Change an account’s quota project or its cap on requests in flight',
  effect: 'write',
  positional: ['account'],
  input: z.object({
    account,
    project: z.string().max(100).optional().describe('Accounts with the same project share its quota; empty for none'),
    maxConcurrent: z.int().min(0).max(10_000).optional().describe('Requests in flight at once; 0 for no bound'),
  }),
  output: accountShape,
  async run(input, context) {
    const known = requireAccount(context, input.account).account;
    const { project = known.project, maxConcurrent = known.maxConcurrent } = input;
    await context.accounts.save({ ...known, project: project?.trim() || null, maxConcurrent: maxConcurrent || null });
    return viewAccount(context.clock(), requireAccount(context, known.id));
  },
});

export const accountClear = operation({
  name: 'account.clear',
  summary: 'Clear the limits of an account, and a refused login',
  effect: 'write',
  positional: ['account'],
  input: z.object({ account }),
  output: z.object({ account: accountShape, cleared: z.number().describe('Windows that were closed') }),
  async run(input, context) {
    const { id } = requireAccount(context, input.account).account;
    const cleared = await context.accounts.clear(id);
    return { account: viewAccount(context.clock(), requireAccount(context, id)), cleared };
  },
});

/** Sets what the operator decided about an account as a whole. */
function standingOperation(
  standing: 'enabled' | 'disabled',
  words: Pick<AnyOperation, 'name' | 'summary'>,
): AnyOperation {
  return operation({
    ...words,
    effect: 'write',
    positional: ['account'],
    input: z.object({ account }),
    output: accountShape,
    async run(input, context) {
      const known = requireAccount(context, input.account).account;
      await context.accounts.save({ ...known, standing, standingReason: null });
      return viewAccount(context.clock(), requireAccount(context, known.id));
    },
  });
}

/** For the audit trail: by the id that it has, or is to have. */
export function aboutWanted({ provider, label }: Pick<z.infer<typeof wantedAccount>, 'provider' | 'label'>): About {
  return { subject: `${provider.trim().toLowerCase()}/${newLabel(label) ?? label}`, detail: null };
}

export type Plan = Pick<Account, 'provider' | 'label' | 'id' | 'baseUrl'> & { readonly known: Account | undefined };

/** Everything about a new account but its secret. */
export function planAccount(
  input: z.infer<typeof wantedAccount>,
  context: OperationContext,
  verb: 'add' | 'adopt' = 'add',
): Plan {
  const provider = requireProvider(context, input.provider);
  const label = requireLabel(input.label, 'label');
  const id = accountId(provider, label);
  const known = context.accounts.find(id)?.account;
  if (known !== undefined && !input.replace) {
    throw new Problem('conflict', `Account ${id} exists.`, {
      hint: `Choose another label, or give it a new secret with: stint account ${verb} ${provider} ${label} --replace`,
    });
  }
  if (known === undefined && input.replace) {
    throw new Problem('not_found', `There is no account ${id} to replace.`, { hint: `Leave out --replace to add it.` });
  }
  const baseUrl = input.baseUrl === undefined ? (known?.baseUrl ?? null) : parseBaseUrl(input.baseUrl);
  return { provider, label, id, known, baseUrl };
}

/** A login whose refresh tokens can be used once must not be in two places. */
function secondOwnerWarning(account: Account): string | null {
  if (!isLogin(account.credential)) return null;
  return `A CLI that still has this login will end it here, or be logged out itself. To move it: ${mendOf(account)}`;
}

/** Accepted, for a network may be one's own. */
export function warningOf(baseUrl: string | null): string | null {
  if (baseUrl === null || !travelsInClear(baseUrl)) return null;
  return `The secret travels unencrypted to ${new URL(baseUrl).host}: anybody on the way can read it. Use https:// where you can.`;
}

function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const wrong = (why: string): Problem =>
    new Problem('invalid', `The base URL ${why}.`, {
      hint: 'For example: --base-url https://api.example.com/anthropic',
    });
  if (url === null) throw wrong('is not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('must begin with https:// or http://');
  if (url.username !== '' || url.password !== '') throw wrong('must not hold a user or a password');
  if (url.search !== '' || url.hash !== '') throw wrong('must not have a query or a fragment');
  return url.href.replace(/\/+$/, '');
}
