import type { Agent } from '../agents/agent.ts';
import type { Book } from '../book/book.ts';
import { closeLimit, openLimits } from '../book/by-hand.ts';
import { issuePhantom, revokePhantom } from '../book/phantoms.ts';
import {
  addAccount,
  clearAccount,
  removeAccount,
  removePool,
  replaceAccount,
  saveAccount,
  savePool,
  savePools,
} from '../book/roster.ts';
import { renameAccount, renamePool } from '../book/rename.ts';
import { advance, followerOf, rotate } from '../book/rotate.ts';
import { episodeStateNow } from '../book/episode.ts';
import type { Episode } from '../book/ports.ts';
import { episodesOf, type AccountState, type PoolState } from '../book/state.ts';
import { asSessionId, type AccountId, type Label, type ProviderId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import { adoptLogin, findLogin, kinshipOf } from './adopt.ts';
import { profilesOf } from './profiles.ts';
import type {
  AccountNow,
  Daemon,
  EpisodeNow,
  KnownAgent,
  OperationContext,
  PoolNow,
  Trail,
} from '../operations/context.ts';
import type { Provider } from '../providers/provider.ts';
import type { Vault } from '../vault/open-vault.ts';

export type ContextDeps = {
  readonly book: Book;
  readonly vault: Vault;
  readonly providers: ReadonlyMap<ProviderId, Provider>;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly holdMs: number;
  readonly daemon: Daemon;
  readonly trail: Trail;
  readonly tokens: OperationContext['tokens'];
  readonly notices: OperationContext['notices'];
  readonly settings: OperationContext['settings'];
  readonly authResets: OperationContext['authResets'];
  readonly jobs: OperationContext['jobs'];
  /** Where agents reach the gateway: `http://127.0.0.1:4610`. */
  readonly gatewayUrl: () => string;
  /** A folder of the home for files that an agent has to be given. */
  readonly agentFolder: (agent: string) => Promise<string>;
  /** Puts what an agent has to trust into its folder; undefined where it trusts the gateway anyway. */
  readonly agentCa: (folder: string) => Promise<string | undefined>;
  /** The requests that are open on the gateway. */
  readonly openRequests: OperationContext['requests']['all'];
  readonly audit: OperationContext['audit'];
  /** Why the login of an account could not be renewed. */
  readonly renewalFailure: (account: AccountId) => AccountNow['notRenewed'];
};

/** What operations act on: the book, the vault and the daemon itself. */
export function operationContext(deps: ContextDeps): Omit<OperationContext, 'caller'> {
  const { book, vault, daemon } = deps;
  const { state } = book;
  return {
    clock: book.clock,
    get holdMs() {
      return deps.holdMs;
    },
    daemon,
    audit: deps.audit,
    trail: deps.trail,
    tokens: deps.tokens,
    notices: deps.notices,
    settings: deps.settings,
    authResets: deps.authResets,
    jobs: deps.jobs,
    inTurn: turns(),
    accounts: {
      all: () => [...state.accounts.values()].map((each) => accountNow(deps, each)),
      find: (id) => optional(state.accounts.get(id), (each) => accountNow(deps, each)),
      formerly: (id) => optional(state.renamed.get(id)?.state, (each) => accountNow(deps, each)),
      add: async (account, secret) => {
        if (secret === null) return addAccount(book, account);
        await vault.write(account.id, secret);
        try {
          await addAccount(book, account);
        } catch (error) {
          await vault.remove(account.id);
          throw error;
        }
      },
      replace: (account, secret) => replaceAccount(book, account, () => vault.stage(account.id, secret)),
      save: (account) => saveAccount(book, account),
      // The account first: a secret without an account is never used.
      remove: async (id) => {
        await removeAccount(book, id);
        await vault.remove(id);
      },
      rename: async (id, label) => {
        await renameAccount(book, { id, label }, async (to) => {
          await vault.copy(id, to);
          return { done: () => vault.remove(id), undo: () => vault.remove(to) };
        });
      },
      clear: (id) => clearAccount(book, id),
      close: (id, limit) => closeLimit(book, id, limit),
      open: (id, concerns) => openLimits(book, id, concerns),
    },
    logins: {
      find: async (wanted, folder) => {
        const login = await findLogin(providerOf(deps, wanted.provider), folder);
        return { ...login, ...kinshipOf(deps, wanted, login.secret) };
      },
      compare: (wanted, secret) => kinshipOf(deps, wanted, secret),
      // Read again: the file is what counts, not what was seen of it before.
      adopt: async (account, { folder }) =>
        adoptLogin(deps, account, await findLogin(providerOf(deps, account.provider), folder)),
    },
    profiles: profilesOf(deps),
    pools: {
      all: () => [...state.pools.values()].map((each) => poolNow(book, each)),
      find: (name) => optional(book.pool(name), (each) => poolNow(book, each)),
      save: (pool) => savePool(book, pool),
      remove: (name) => removePool(book, name),
      saveAll: (pools) => savePools(book, pools),
      rename: (name, to) => renamePool(book, name, to),
      next: (name, model, session) =>
        book.select({ pool: poolOf(book, name), session: session ?? asSessionId(''), model }, [], 0),
      advance: (name, model, account) => advance(book, poolOf(book, name), { account, model }),
      follower: (name, account) => followerOf(book, poolOf(book, name), { account, model: null }),
      rotate: (name, from, to) => rotate(book, poolOf(book, name), { from, to }),
    },
    sessions: { all: () => [...state.sessions.values()] },
    requests: { all: deps.openRequests },
    phantoms: {
      all: () =>
        [...state.phantoms.values()]
          .filter((each) => each.expiresAt > book.clock())
          .map(({ id, provider, pool, origin, createdAt, expiresAt }) => ({
            ...{ id, provider, pool, origin, createdAt, expiresAt },
          })),
      issue: async (wish) => {
        const { token, phantom } = await issuePhantom(book, wish);
        return { id: phantom.id, token, expiresAt: phantom.expiresAt };
      },
      revoke: async (id) => {
        const known = [...state.phantoms.values()].some((each) => each.id === id);
        await revokePhantom(book, id);
        return known;
      },
    },
    providers: {
      ids: () => [...deps.providers.keys()],
      issuerOf: (secret) => [...deps.providers.values()].find((each) => each.issued(secret)),
      recognise: (id, secret) => {
        const kind = providerOf(deps, id).recognise(secret);
        if (kind instanceof Problem) throw kind;
        return kind;
      },
      secretForms: (id) => providerOf(deps, id).secretForms,
    },
    agents: {
      ids: () => [...deps.agents.keys()],
      find: (id) => optional(deps.agents.get(id), (agent) => knownAgent(deps, agent)),
    },
  };
}

function turns(): OperationContext['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (change) => {
    const turn = last.then(change);
    last = turn.catch(() => undefined);
    return turn;
  };
}

function accountNow({ renewalFailure }: ContextDeps, state: AccountState): AccountNow {
  const { account, limits, readings, inFlight, restUntil } = state;
  const notRenewed = renewalFailure(account.id);
  return { account, limits: [...limits.values()], readings: [...readings.values()], inFlight, restUntil, notRenewed };
}

function poolNow({ state, clock }: Book, poolState: PoolState): PoolNow {
  const { pool, current } = poolState;
  const resets = [...state.resets.values()].filter((each) => each.pool === pool.name);
  const episodes = [...episodesOf(state, pool.name), ...resets].map((episode) => ({
    ...{ id: episode.id, family: episode.family, exhaustedAt: episode.exhaustedAt, reset: episode.reset },
    ...standingOf(poolState, episode, clock()),
  }));
  return { pool, current, episodes };
}

function standingOf(pool: PoolState, episode: Episode, now: EpochMs): Pick<EpisodeNow, 'state' | 'nextTryAt'> {
  const { state, nextTryAt } = episodeStateNow(pool, episode, now);
  return { state: state === 'normal' ? 'recovered' : state, nextTryAt };
}

function poolOf(book: Book, name: Label): PoolState {
  const pool = book.pool(name);
  if (pool === undefined) throw new Error(`pool ${name} is not in the book`);
  return pool;
}

function knownAgent({ gatewayUrl, agentFolder, agentCa }: ContextDeps, agent: Agent): KnownAgent {
  return {
    ...agent,
    launch: async (phantom) => {
      const folder = await agentFolder(agent.id);
      const caFile = await agentCa(folder);
      return agent.launch({ url: gatewayUrl(), phantom, folder, ...(caFile === undefined ? {} : { caFile }) });
    },
  };
}

function providerOf({ providers }: ContextDeps, id: ProviderId): Provider {
  const provider = providers.get(id);
  if (provider === undefined) throw new Error(`provider ${id} is not registered`);
  return provider;
}

function optional<Value, Result>(value: Value | undefined, map: (value: Value) => Result): Result | undefined {
  return value === undefined ? undefined : map(value);
}
