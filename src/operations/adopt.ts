import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import type { Account } from '../core/account/account.ts';
import { Problem } from '../core/problem.ts';
import { aboutWanted, planAccount, wantedAccount, warningOf, type Plan } from './account.ts';
import type { FoundLogin, Kinship, OperationContext } from './context.ts';
import { heldAlready, otherOwnerWarning } from './one-owner.ts';
import { operation } from './operation.ts';
import { requireAccount, rewrittenWarning } from './require.ts';
import { accountShape } from './shape.ts';
import { viewAccount } from './view.ts';

const wanted = wantedAccount.extend({
  from: z.string().meta({ path: true }).describe('Directory in which the CLI keeps its login, such as ~/.claude'),
});

export const accountAdopt = operation({
  name: 'account.adopt',
  summary: 'Move the login of a CLI into the vault, as an account',
  effect: 'destructive',
  positional: ['provider', 'label'],
  precheck: 'account.adoptable',
  about: aboutWanted,
  input: wanted,
  output: accountShape.extend({
    replaced: z.boolean().describe('Whether it existed and got this login'),
    cli: z.string().describe('The CLI that is logged out by it'),
    from: z.string().describe('The file that the login was in'),
    warning: z.string().nullable().describe('What is accepted, and better known'),
  }),
  hidden: {
    mcp: 'It logs a CLI of this machine out and takes its login: stint account adopt asks a person first.',
    telegram: 'It logs a CLI of this machine out and takes its login: stint account adopt asks whoever sits there.',
  },
  async run(input, context) {
    const { plan, login } = await survey(input, context);
    const { known, ...planned } = plan;
    const account: Account = {
      ...planned,
      credential: login.credential,
      profile: null,
      project: known?.project ?? null,
      maxConcurrent: known?.maxConcurrent ?? null,
      standing: known?.standing === 'disabled' ? 'disabled' : 'enabled',
      standingReason: null,
      addedAt: known?.addedAt ?? context.clock(),
    };
    const foreign = login.otherOwner ? otherOwnerWarning(account.id) : null;
    const left = await context.logins.adopt(account, login);
    return {
      ...viewAccount(context.clock(), requireAccount(context, account.id)),
      replaced: known !== undefined,
      cli: login.cli,
      from: login.path,
      warning:
        left === null
          ? (foreign ?? warningOf(account.baseUrl) ?? rewrittenWarning(input.label, account.label))
          : `Delete ${left}: it still holds the login that was moved.`,
    };
  },
});

export const accountAdoptable = operation({
  name: 'account.adoptable',
  summary: 'Say what account.adopt would do, or why it would not',
  effect: 'read',
  positional: ['provider', 'label'],
  input: wanted,
  output: z.object({
    id: z.string(),
    from: z.string().describe('The file that holds the login'),
    question: z.string().describe('What a person has to agree to'),
  }),
  hidden: {
    cli: 'stint account adopt begins with it',
    mcp: 'It belongs to account.adopt, which is not here either: stint account adopt begins with it.',
    telegram: 'It belongs to account.adopt, which is not here either: stint account adopt begins with it.',
  },
  async run(input, context) {
    const { plan, login } = await survey(input, context);
    return { id: plan.id, from: login.path, question: questionOf(login, plan) };
  },
});

async function survey(
  input: z.infer<typeof wanted>,
  context: OperationContext,
): Promise<{ plan: Plan; login: FoundLogin & Kinship }> {
  const planned = planAccount(input, context, 'adopt');
  // The host that the account was bound to had another secret: this one is for it only where that is said.
  const plan = input.baseUrl === undefined ? { ...planned, baseUrl: null } : planned;
  if (!isAbsolute(input.from)) {
    throw new Problem('invalid', 'The directory must be an absolute path.', { hint: 'For example: /home/me/.claude' });
  }
  const login = await context.logins.find(plan, resolve(input.from));
  // The vault may have a newer one by now, which an older one must not replace.
  if (login.interrupted && plan.known !== undefined && plan.known.standing !== 'needs-login') {
    throw new Problem('conflict', `The login in ${login.folder} was moved before, and ${plan.id} works.`, {
      hint: `Log in there again, then: stint account adopt ${plan.provider} ${plan.label} --replace --from ${login.folder}`,
    });
  }
  if (login.heldBy !== null) throw heldAlready(login.heldBy);
  return { plan, login };
}

function questionOf({ cli, folder, path, otherOwner }: FoundLogin & Kinship, plan: Plan): string {
  return [
    `This takes the login out of ${path} and makes it ${plan.id}. It can have only one owner:`,
    `${cli} in ${folder} is logged out by it, and works through Stint from then on. End what runs there first.`,
    ...hostWords(plan),
    ...(otherOwner ? [otherOwnerWarning(plan.id)] : []),
    'Go on?',
  ].join(' ');
}

/** Who is sent the login, refresh token and all, where that is not plain. */
function hostWords({ baseUrl, known }: Plan): string[] {
  if (baseUrl !== null) return [`The login is sent to ${new URL(baseUrl).host}, to be used and to be renewed.`];
  if (known === undefined || known.baseUrl === null) return [];
  return [
    `The login is sent to its provider’s own hosts, and no longer to ${new URL(known.baseUrl).host}, unless you say --base-url.`,
  ];
}
