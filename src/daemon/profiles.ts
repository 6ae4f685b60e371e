import type { Agent } from '../agents/agent.ts';
import type { Book, Request } from '../book/book.ts';
import { saveAccount } from '../book/roster.ts';
import { moveCurrent } from '../book/session.ts';
import type { PoolState } from '../book/state.ts';
import { profileCredential, type Account } from '../core/account/account.ts';
import { asSessionId, type Label, type ProviderId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { homeAt } from '../home/open-home.ts';
import { describeFileError } from '../lib/atomic-file.ts';
import type { Daemon, Profiles } from '../operations/context.ts';
import { beginRename, settleRenamed } from '../profiles/rename-folder.ts';
import { hasTranscript } from '../profiles/transcript-file.ts';
import { arrangeTranscripts, putAside } from '../profiles/transcripts.ts';

export type ProfileDeps = {
  readonly book: Book;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly daemon: Pick<Daemon, 'describe'>;
};

/** By this reason an account that the daemon found without a login is told from one that its provider refused. */
const noLogin = 'its profile holds no login';

/** What operations may do about accounts that are used by their own CLI. */
export function profilesOf(deps: ProfileDeps): Profiles {
  const { book } = deps;
  return {
    agentOf: (provider) => agentOf(deps, provider)?.id ?? provider,
    hasLogin: async (provider, folder) => (await agentOf(deps, provider)?.profile.hasLogin(folder)) === true,
    checkLogins: () => checkLogins(deps),
    holders: async (accounts, session) => {
      const among = profilesIn(book).filter((each) => accounts.includes(each.id));
      const has = await Promise.all(
        among.map(async ({ provider, profile }) => {
          const transcripts = agentOf(deps, provider)?.profile.transcripts;
          return transcripts !== undefined && hasTranscript({ transcripts, profile }, session);
        }),
      );
      return among.filter((_, index) => has[index] === true).map((each) => each.id);
    },
    release: async (id) => {
      const own = profilesIn(book).find((each) => each.id === id);
      if (own !== undefined) await arrangeOne(deps, own, null);
    },
    renamePool: async (from, to, rename) => {
      await lookAfter(deps);
      await beginRename(sessionsOf(deps), from, to);
      // Whichever name the pool has in the end, its conversations go by that.
      try {
        await rename();
      } finally {
        await arrange(deps);
      }
    },
    lookAfter: () => lookAfter(deps),
    select: ({ pool, session, model, exclude, suits }) =>
      book.select({ pool: poolOf(book, pool), session: session ?? asSessionId(''), model, suits }, exclude, 0),
    // How many requests it has in flight is its CLI's own affair: the turn as such is what counts.
    begin: async ({ pool, session, account }) => {
      const state = poolOf(book, pool);
      if (session === null) {
        moveCurrent(book, state, account);
        return;
      }
      const request: Request = { pool: state, session, model: null };
      await book.begin(request, account, { probe: false, failover: false });
      book.end(account, { probe: false });
    },
    observe: async (seen) => {
      await book.observe(seen);
      await book.journal.written();
    },
  };
}

async function lookAfter(deps: ProfileDeps): Promise<void> {
  await checkLogins(deps);
  await arrange(deps);
}

function sessionsOf({ daemon }: Pick<ProfileDeps, 'daemon'>): string {
  return homeAt(daemon.describe().home).sessions;
}

/** An account without its login could only fail: `status` says so, and nobody is sent there. */
async function checkLogins({ book, agents }: ProfileDeps): Promise<void> {
  for (const account of profilesIn(book)) {
    const there = (await agentOf({ agents }, account.provider)?.profile.hasLogin(account.profile)) === true;
    if (!there && account.standing === 'enabled')
      await saveAccount(book, { ...account, standing: 'needs-login', standingReason: noLogin });
    if (there && account.standing === 'needs-login' && account.standingReason === noLogin)
      await saveAccount(book, { ...account, standing: 'enabled', standingReason: null });
  }
}

async function arrange(deps: ProfileDeps): Promise<void> {
  const pools = [...deps.book.state.pools.values()].filter(({ pool }) => pool.shareSessions);
  await settleRenamed(
    sessionsOf(deps),
    pools.map(({ pool }) => pool.name),
  );
  for (const profile of profilesIn(deps.book)) {
    const sharing = pools.find(({ pool }) => pool.accounts.includes(profile.id));
    await arrangeOne(deps, profile, sharing?.pool.name ?? null);
  }
  // By now every profile that left has its copy: what is there must not reach a later pool of that name.
  await putAside(
    sessionsOf(deps),
    pools.map(({ pool }) => pool.name),
  );
}

async function arrangeOne({ agents, daemon }: ProfileDeps, account: ProfileAccount, pool: Label | null): Promise<void> {
  const root = sessionsOf({ daemon });
  const agent = agentOf({ agents }, account.provider);
  if (agent === undefined) return;
  const { transcripts } = agent.profile;
  try {
    await arrangeTranscripts({ transcripts, profile: account.profile, root, pool });
  } catch (error) {
    // To go on would share what must not be shared, or lose what should be.
    throw new Problem(
      'unavailable',
      `The conversations of ${account.id} could not be put where its pool wants them: ${describeFileError(error)}.`,
      { hint: `Look at ${account.profile}, and try again.`, cause: error },
    );
  }
}

type ProfileAccount = Account & { readonly profile: string };

function profilesIn(book: Book): ProfileAccount[] {
  return [...book.state.accounts.values()].flatMap(({ account }) =>
    account.credential === profileCredential && account.profile !== null
      ? [{ ...account, profile: account.profile }]
      : [],
  );
}

function agentOf({ agents }: Pick<ProfileDeps, 'agents'>, provider: ProviderId): Agent | undefined {
  return [...agents.values()].find((each) => each.provider === provider);
}

function poolOf(book: Book, name: Label): PoolState {
  const pool = book.pool(name);
  if (pool === undefined) throw new Error(`pool ${name} is not in the book`);
  return pool;
}
