import { z } from 'zod';
import { profileCredential, type Account } from '../core/account/account.ts';
import { asAccountId, asSessionId, type AccountId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import { defaultPoolOf, type Pool } from '../core/pool/pool.ts';
import { modeOf } from '../core/pool/mode.ts';
import type { Selection } from '../core/pool/selection.ts';
import { Problem } from '../core/problem.ts';
import type { AccountNow, KnownAgent, OperationContext } from './context.ts';
import { operation } from './operation.ts';
import { findPool, requireAccount, requireAgent, requirePool } from './require.ts';

const hidden = {
  cli: 'stint claude calls it, and so does the command of every other agent',
  mcp: 'It is told by the command that runs an agent, such as stint claude, and by nobody else.',
  telegram: 'It is told by the command that runs an agent, such as stint claude, and by nobody else.',
};

/** What people give an agent is its affair; whether it makes sense, the agent says. */
const longest = 10_000;

export const sessionBegin = operation({
  name: 'session.begin',
  summary: 'Choose the account whose profile a conversation goes on in',
  effect: 'write',
  positional: ['agent'],
  input: z.object({
    agent: z.string().describe('Agent, such as claude'),
    pool: z.string().optional().describe('Pool; the provider’s default pool when absent'),
    session: z.string().max(longest).optional().describe('The conversation, where its id is known'),
    resumes: z.boolean().default(false).describe('Whether it exists already'),
    model: z.string().max(longest).optional(),
    from: z.string().optional().describe('The account that has the conversation, when another is to take it over'),
    any: z.boolean().default(false).describe('Whether a closed account will do, since there is no conversation'),
  }),
  output: z.object({
    mode: z.enum(['gateway', 'profile']).describe('gateway: the pool’s accounts are no profiles; see phantom.issue'),
    pool: z.string(),
    account: z.string().nullable().describe('Null when nobody may go on'),
    profile: z.string().nullable().describe('Its login directory'),
    moved: z.boolean().describe('Whether another account has had the conversation up to now'),
    until: z.number().nullable().describe('When somebody opens'),
    why: z.string().nullable().describe('Why nobody may go on, as a sentence'),
  }),
  hidden,
  async run(input, context) {
    const agent = requireAgent(context, input.agent);
    const name = input.pool === undefined ? defaultPoolOf(agent.provider) : nameNow(context, input.pool, input.session);
    const nobody = { account: null, profile: null, moved: false, until: null, why: null };
    // Whoever has no account yet is told so where an agent is given its token.
    const accounts = context.accounts.all().filter((each) => each.account.provider === agent.provider);
    if (accounts.length === 0) return { ...nobody, mode: 'gateway' as const, pool: name };
    const { pool } = requirePool(context, name);
    refuseForeign(pool, agent);
    const members = membersOf(context, pool);
    const mode = members.length === 0 ? 'gateway' : modeOf(members);
    if (mode === 'gateway') return { ...nobody, mode, pool: pool.name };
    await context.profiles.lookAfter();
    const selection = await choose(context, pool, { ...input, members });
    if (selection.kind !== 'use') {
      const until = selection.kind === 'wait' ? selection.until : null;
      return { ...nobody, mode, pool: pool.name, until, why: sayWhy(pool, input) };
    }
    const { account } = requireAccount(context, selection.account);
    const session = input.session === undefined ? null : asSessionId(input.session);
    const known = context.sessions.all().find((each) => each.id === session);
    const moved = input.from !== undefined || (known !== undefined && known.account !== account.id);
    if (!input.any) await context.profiles.begin({ pool: pool.name, session, account: account.id });
    return { ...nobody, mode, pool: pool.name, account: account.id, profile: account.profile, moved };
  },
});

const closedShape = z.object({
  kind: z.literal('closed'),
  window: z.string().max(100),
  family: z.string().max(100).nullable(),
  overage: z.boolean(),
  until: z.number().nullable(),
  evidence: z.string().max(500),
});
const readingShape = z.object({
  kind: z.literal('reading'),
  window: z.string().max(100),
  family: z.string().max(100).nullable(),
  utilization: z.number().nullable(),
  resetsAt: z.number().nullable(),
});
const refusedShape = z.object({ kind: z.literal('refused'), evidence: z.string().max(500) });

export const sessionReport = operation({
  name: 'session.report',
  summary: 'Tell what an agent said about the account whose profile it uses',
  effect: 'write',
  positional: ['account'],
  input: z.object({
    account: z.string(),
    model: z.string().max(longest).optional(),
    sentAt: z.number().describe('When the agent was started'),
    signal: z.discriminatedUnion('kind', [closedShape, readingShape, refusedShape]).optional(),
    pool: z.string().optional(),
    session: z.string().max(longest).optional().describe('The conversation, once it is known'),
    served: z.boolean().default(false).describe('A turn came to its end: what covered its model is open'),
  }),
  output: z.object({ account: z.string() }),
  hidden,
  async run(input, context) {
    const { account } = accountOf(context, input.account, input.session);
    if (!isProfile(account))
      throw new Problem('invalid', `Account ${account.id} is no profile: the gateway sees its limits itself.`, {
        hint: 'See: stint account show',
      });
    const signals: Signal[] = input.signal === undefined ? [] : [input.signal];
    const { model = null, sentAt, served } = input;
    await context.profiles.observe({ account: account.id, model, sentAt, served, signals });
    // One that has chosen its own id. The others are where `session.begin` has put them.
    const fresh = !context.sessions.all().some((each) => each.id === input.session);
    if (fresh && input.session !== undefined && input.pool !== undefined) {
      const { pool } = requirePool(context, input.pool);
      await context.profiles.begin({ pool: pool.name, session: asSessionId(input.session), account: account.id });
    }
    return { account: account.id };
  },
});

/** An agent that runs knows its pool by the name that it had at the start; its conversation knows today's. */
function nameNow(context: OperationContext, pool: string, session: string | undefined): string {
  if (findPool(context, pool) !== undefined) return pool;
  return context.sessions.all().find((each) => each.id === session)?.pool ?? pool;
}

/** The same for the account that it uses. */
function accountOf(context: OperationContext, name: string, session: string | undefined): AccountNow {
  const id = asAccountId(name);
  const known = context.accounts.find(id) ?? context.accounts.formerly(id);
  if (known !== undefined) return known;
  const staying = context.sessions.all().find((each) => each.id === session)?.account;
  return requireAccount(context, staying ?? name);
}

type Wish = {
  readonly session?: string | undefined;
  readonly model?: string | undefined;
  readonly from?: string | undefined;
  readonly any: boolean;
  readonly resumes: boolean;
  readonly members: readonly Account[];
};

/** A conversation lies in its account's profile, or in its pool's folder: only who has it can go on with it. */
async function choose(context: OperationContext, pool: Pool, wish: Wish): Promise<Selection> {
  const { session, model, from, any, members } = wish;
  const holders = await holdersOf(context, pool, wish);
  const selection = context.profiles.select({
    pool: pool.name,
    session: session === undefined ? null : asSessionId(session),
    model: model ?? null,
    exclude: from === undefined ? [] : [accountOf(context, from, session).account.id],
    suits: (account) => isProfile(account) && (holders === null || holders.includes(account.id)),
  });
  const [first] = members;
  if (!any || selection.kind === 'use' || first === undefined) return selection;
  return { kind: 'use', account: first.id, probe: false, skipped: [] };
}

/** The accounts that have a conversation; null where it is a new one, and every account may begin it. */
async function holdersOf(
  { profiles }: OperationContext,
  pool: Pool,
  { session, from, resumes }: Wish,
): Promise<readonly AccountId[] | null> {
  if (session === undefined || !resumes) return from === undefined || pool.shareSessions ? null : [];
  const holders = await profiles.holders(pool.accounts, session);
  // One that nobody has is told of by the agent itself, in its own words.
  return holders.length === 0 ? null : holders;
}

function sayWhy(pool: Pool, { from, resumes }: Pick<Wish, 'from' | 'resumes'>): string {
  if ((from !== undefined || resumes) && !pool.shareSessions && pool.accounts.length > 1)
    return `No other account can go on with this conversation: pool ${pool.name} does not share them (stint pool set ${pool.name} --share-sessions).`;
  return `No account of pool ${pool.name} is open.`;
}

function isProfile({ credential }: Account): boolean {
  return credential === profileCredential;
}

function membersOf(context: OperationContext, pool: Pool): Account[] {
  return pool.accounts.flatMap((id) => context.accounts.find(id)?.account ?? []);
}

function refuseForeign(pool: Pool, { id, provider }: KnownAgent): void {
  if (pool.provider === provider) return;
  throw new Problem('invalid', `Pool ${pool.name} is of ${pool.provider}; ${id} needs one of ${provider}.`, {
    hint: 'See: stint pool list',
  });
}
