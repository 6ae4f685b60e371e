import { z } from 'zod';
import { coversModel } from '../core/limit/family.ts';
import { isClosed, limitCovers, operatorWindow, type Limit } from '../core/limit/limit.ts';
import { longestLimitMs } from '../core/limit/observe.ts';
import { parseLength, parseMoment } from '../core/moment.ts';
import { Problem } from '../core/problem.ts';
import { formatDuration, type EpochMs } from '../core/time.ts';
import { nameNow, type About } from './about.ts';
import type { AccountNow, OperationContext } from './context.ts';
import { operation } from './operation.ts';
import { quoted, requireAccount, requirePool } from './require.ts';
import { limitShape } from './shape.ts';
import { viewLimit } from './view.ts';

const account = z.string().optional().describe('Only of this account');
const pool = z.string().optional().describe('Only of the accounts of this pool');
/** A family or a model id, as providers write them. */
const model = z
  .string()
  .trim()
  .toLowerCase()
  .min(1)
  .max(100)
  .regex(/^[a-z0-9._\-[\]@:/]+$/, 'a model or a model family, such as claude-opus-4-8 or opus')
  .optional();
const limits = z.array(limitShape.extend({ account: z.string() }));

export const limitList = operation({
  name: 'limit.list',
  summary: 'List the limits that close something at this moment',
  effect: 'read',
  positional: ['account'],
  input: z.object({ account, pool, model: model.describe('Only what closes this model') }),
  output: z.object({ limits }),
  run(input, context) {
    const { model: asked } = input;
    const now = context.clock();
    const shown = accountsOf(context, input).flatMap((each) =>
      each.limits.filter((limit) => isClosed(limit, now) && (asked === undefined || limitCovers(limit, asked))),
    );
    return { limits: shown.toSorted((a, b) => a.until - b.until).map(view) };
  },
});

export const limitSet = operation({
  name: 'limit.set',
  summary: 'Mark accounts as limited by hand, until a time or for a while',
  effect: 'write',
  positional: ['account'],
  about(input, context) {
    const { window, model: family = 'all models', until = '-' } = input;
    const end = input.for === undefined ? `until ${sayMoment(until)}` : `for ${input.for}`;
    return aboutLimits(context, input, [window, family, end]);
  },
  input: z.object({
    account,
    pool,
    model: model.describe('Only this model, or family such as opus'),
    window: z.string().trim().min(1).max(100).default(operatorWindow).describe('The window that is closed'),
    until: z
      .union([z.string(), z.number()])
      .optional()
      .describe('When it ends: ISO 8601 with its offset, or epoch milliseconds'),
    for: z.string().optional().describe('How long it lasts, such as 90s, 2h30m or 1d; in place of until'),
    all: z.boolean().default(false).describe('Every account, for every model'),
  }),
  output: z.object({ limits }),
  async run(input, context) {
    const isNamed = [input.account, input.pool, input.model].some((each) => each !== undefined);
    if (isNamed === input.all)
      throw new Problem('invalid', 'Give an account, a pool or a model, or --all alone.', {
        hint: 'For example: stint limit set work --for 2h; stint limit set --all --for 2h',
      });
    const until = endOf(input, context.clock());
    const known = accountsOf(context, input);
    if (known.length === 0)
      throw new Problem('not_found', 'There is no account to limit.', { hint: 'See: stint account list' });
    const { window, model: family = null } = input;
    const closed: Limit[] = [];
    for (const each of known) closed.push(await context.accounts.close(each.account.id, { window, family, until }));
    return { limits: closed.map(view) };
  },
});

export const limitClear = operation({
  name: 'limit.clear',
  summary: 'Clear limits: of an account, a pool, a model family, a window, or all',
  effect: 'write',
  positional: ['account'],
  about: (input, context) => aboutLimits(context, input, [input.window ?? 'all windows', input.model ?? 'all models']),
  input: z.object({
    account,
    pool,
    model: model.describe('Only limits of this model’s own, none that closes all models'),
    window: z.string().max(100).optional().describe('Only this window'),
    all: z.boolean().default(false).describe('Every limit of every account'),
  }),
  output: z.object({ cleared: limits }),
  async run(input, context) {
    const { model: family, window, all } = input;
    const named = [input.account, input.pool, family, window].some((each) => each !== undefined);
    if (named === all)
      throw new Problem('invalid', 'Give an account, a pool, a model or a window, or --all alone.', {
        hint: 'For example: stint limit clear work; stint limit clear --all',
      });
    const cleared: Limit[] = [];
    for (const { account: known } of accountsOf(context, input)) {
      const concerns = (limit: Limit): boolean =>
        (window === undefined || limit.window === window) &&
        (family === undefined || (limit.family !== null && concernsModel(limit.family, family)));
      cleared.push(...(await context.accounts.open(known.id, concerns)));
    }
    return { cleared: cleared.map(view) };
  },
});

/** A family by its own name, or by a model that it covers. */
function concernsModel(family: string, model: string): boolean {
  return coversModel(family, model) || coversModel(model, family);
}

function accountsOf(
  context: OperationContext,
  { account: name, pool: poolName }: { account?: string | undefined; pool?: string | undefined },
): readonly AccountNow[] {
  const members = poolName === undefined ? null : requirePool(context, poolName).pool;
  if (name === undefined) {
    if (members === null) return context.accounts.all();
    return members.accounts.flatMap((id) => context.accounts.find(id) ?? []);
  }
  const one = requireAccount(context, name);
  if (members === null || members.accounts.includes(one.account.id)) return [one];
  throw new Problem('conflict', `Account ${one.account.id} is not in pool ${members.name}.`, {
    hint: `It has: ${members.accounts.join(', ') || 'no accounts'}`,
  });
}

type Wish = { readonly account?: string | undefined; readonly pool?: string | undefined };

/** For the audit trail: whom it concerned, whether one was named or not. */
function aboutLimits(context: OperationContext, { account: name, pool: poolName }: Wish, detail: string[]): About {
  const words = detail.join(', ');
  if (name !== undefined) return { subject: nameNow('account', name, context), detail: words };
  if (poolName === undefined) return { subject: 'all accounts', detail: words };
  return { subject: nameNow('pool', poolName, context), detail: `all of the pool, ${words}` };
}

function sayMoment(given: string | number): string {
  const at = parseMoment(given);
  return at === null ? String(given) : new Date(at).toISOString();
}

/** The one moment that was given, in either form. */
function endOf(
  { until, for: length }: { until?: string | number | undefined; for?: string | undefined },
  now: EpochMs,
): EpochMs {
  const hint = 'For example: --for 2h30m, or --until 2026-07-01T18:00:00Z';
  if ((until === undefined) === (length === undefined))
    throw new Problem('invalid', 'Give either a time (until) or a duration (for).', { hint });
  const lengthMs = length === undefined ? null : parseLength(length);
  if (length !== undefined && lengthMs === null)
    throw new Problem('invalid', `${quoted(length)} is no duration.`, { hint });
  const end = until === undefined ? now + (lengthMs ?? 0) : parseMoment(until);
  if (end === null) throw new Problem('invalid', `${quoted(String(until))} is no time.`, { hint });
  if (end <= now) throw new Problem('invalid', 'The limit must end in the future.', { hint });
  if (end - now > longestLimitMs)
    throw new Problem('invalid', `A limit lasts at most ${formatDuration(longestLimitMs)}.`, {
      hint: 'For longer, take the account out of service: stint account disable',
    });
  return end;
}

function view(limit: Limit): z.input<typeof limits>[number] {
  return { account: limit.account, ...viewLimit(limit) };
}
