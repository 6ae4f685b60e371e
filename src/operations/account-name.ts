import { z } from 'zod';
import { accountId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { operation } from './operation.ts';
import { requireAccount, requireLabel, rewrittenWarning } from './require.ts';
import { accountShape, requestShape, sessionShape } from './shape.ts';
import { viewAccount } from './view.ts';

const account = z.string().describe('Account, as provider/label; the label alone where it is the only one');

export const accountRename = operation({
  name: 'account.rename',
  summary: 'Give an account another label; all that is its own goes with it',
  effect: 'write',
  positional: ['account', 'label'],
  input: z.object({ account, label: z.string().describe('The new label') }),
  output: accountShape.extend({
    renamed: z.string().describe('What it was called before'),
    warning: z.string().nullable().describe('What is accepted, and better known'),
  }),
  async run(input, context) {
    const known = requireAccount(context, input.account).account;
    const label = requireLabel(input.label, 'label');
    const id = accountId(known.provider, label);
    if (id !== known.id) {
      if (context.accounts.find(id) !== undefined)
        throw new Problem('conflict', `Account ${id} exists.`, { hint: 'Choose another label.' });
      await context.accounts.rename(known.id, label);
    }
    const warning = rewrittenWarning(input.label, label);
    return { ...viewAccount(context.clock(), requireAccount(context, id)), renamed: known.id, warning };
  },
});

export const accountActivity = operation({
  name: 'account.activity',
  summary: 'Show what an account is doing now: its open requests and the sessions that stay on it',
  effect: 'read',
  positional: ['account'],
  input: z.object({
    account: account.optional().describe('Only this account; all without it'),
    count: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(100)
      .describe('At most so many sessions of each, the latest first'),
  }),
  output: z.object({
    accounts: z.array(
      z.object({
        account: z.string(),
        inFlight: z.number().describe('Requests that were sent and have not ended'),
        requests: z.array(requestShape),
        sessions: z.array(sessionShape),
        sessionCount: z.number(),
      }),
    ),
    waiting: z.array(requestShape).describe('Open requests that no account has'),
  }),
  run(input, context) {
    const { account: name, count } = input;
    const shown = name === undefined ? context.accounts.all() : [requireAccount(context, name)];
    const requests = context.requests.all().map((each) => ({ ...each, held: each.heldUntil !== null }));
    const sessions = context.sessions.all().toSorted((a, b) => b.seenAt - a.seenAt || b.movedAt - a.movedAt);
    return {
      accounts: shown.map(({ account: { id }, inFlight }) => {
        const own = sessions.filter((each) => each.account === id);
        return {
          account: id,
          inFlight,
          requests: requests.filter((each) => each.account === id),
          sessions: own.slice(0, count).map((each) => ({ ...each })),
          sessionCount: own.length,
        };
      }),
      waiting: name === undefined ? requests.filter((each) => each.account === null) : [],
    };
  },
});
