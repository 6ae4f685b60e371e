import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Agent } from '../agents/agent.ts';
import type { DeclaredAgent } from '../agents/declared.ts';
import type { ProfileMode } from '../agents/profile.ts';
import type { Book } from '../book/book.ts';
import { issuePhantom, revokePhantom } from '../book/phantoms.ts';
import { asAccountId, asPhantomId, asProviderId, asSessionId, type AttemptId, type Label } from '../core/ids.ts';
import { modeOf } from '../core/pool/mode.ts';
import { defaultPoolOf } from '../core/pool/pool.ts';
import type { Selection } from '../core/pool/selection.ts';
import { Problem } from '../core/problem.ts';
import { hourMs, type EpochMs } from '../core/time.ts';
import { pause } from '../lib/pause.ts';
import { leaveOutForeign } from '../profiles/foreign.ts';
import { shareSettings } from '../profiles/settings.ts';
import { hasTranscript } from '../profiles/transcript-file.ts';
import type { AccountPort } from '../supervisor/ports.ts';

export type JobAccountDeps = {
  readonly book: Book;
  readonly agents: ReadonlyMap<string, Agent>;
  /** Agents of the user's own. */
  readonly declared: ReadonlyMap<string, DeclaredAgent>;
  /** How long a request of a job may be held. */
  readonly holdMs: () => number;
  /** Where agents reach the gateway: `http://127.0.0.1:4610`. */
  readonly gatewayUrl: () => string;
  /** A folder of the home for files that an agent has to be given. */
  readonly agentFolder: (agent: string) => Promise<string>;
  /** Puts what an agent has to trust into its folder; undefined where it trusts the gateway anyway. */
  readonly agentCa?: (folder: string) => Promise<string | undefined>;
  /** The user's own: where their settings are; agents get a part of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Puts the conversations of profiles where their pools want them. */
  readonly lookAfterProfiles: () => Promise<void>;
  /** Where the id of an attempt's phantom is noted, which a later daemon revokes. */
  readonly phantomFile: (attempt: AttemptId) => string;
};

/** What the supervisor may know and do about accounts: the book's own answers, and phantoms. */
export function jobAccounts(deps: JobAccountDeps): AccountPort {
  const { book, agents, declared, holdMs, gatewayUrl, agentFolder, environment, phantomFile } = deps;
  /** Agents with logins of their own, by the pools that stand for them. */
  const ownLogins = new Map<Label, OwnLogin>(
    [...declared.values()].flatMap(({ id, provider }) =>
      provider === null ? [[ownPool(id), { id, closed: new Map() }]] : [],
    ),
  );
  const agentOf = (id: string): Agent => {
    const agent = agents.get(id);
    if (agent === undefined) throw new Problem('invalid', `Stint knows no agent ${id}.`, { hint: 'See: stint --help' });
    return agent;
  };
  const revoke = async (attempt: AttemptId): Promise<void> => {
    const file = phantomFile(attempt);
    const id = await readFile(file, 'utf8').catch(() => '');
    if (id === '') return;
    await revokePhantom(book, asPhantomId(id));
    await rm(file, { force: true });
  };
  return {
    defaultPool: (agent) => {
      const provider = (agents.get(agent) ?? declared.get(agent))?.provider;
      return provider === null ? ownPool(agent) : defaultPoolOf(provider ?? asProviderId(''));
    },
    modeOf: (pool) =>
      ownLogins.has(pool) ? 'gateway' : modeOf(book.pool(pool)?.candidates.map((each) => each.account) ?? []),
    select({ pool, session, model, exclude }) {
      const own = ownLogins.get(pool);
      if (own !== undefined) return selectOwn(own, model, book.clock());
      const state = book.pool(pool);
      if (state === undefined) return { kind: 'none', skipped: [] };
      return book.select({ pool: state, session: asSessionId(session ?? ''), model }, exclude, 0);
    },
    account: (id) => book.state.accounts.get(id)?.account,
    observe: async (seen) => {
      await book.observe(seen);
      await book.journal.written();
    },
    concluded({ agent, model, at }, signal) {
      const closed = ownLogins.get(ownPool(agent))?.closed;
      if (signal?.kind === 'closed')
        closed?.set(model, { until: signal.until ?? at + hourMs, estimated: signal.until === null });
      else closed?.delete(model);
    },
    async phantom({ agent: id, pool, attempt, hasTools }) {
      const own = declared.get(id);
      if (own?.provider === null) return { args: [], environment: own.environment({ url: '', phantom: '' }) };
      const agent = own?.provider === undefined ? agentOf(id) : { ...own, provider: own.provider };
      // One of before a crash was given to nobody.
      await revoke(attempt);
      const { token, phantom } = await issuePhantom(book, {
        ...{ provider: agent.provider, pool, origin: 'wrapper', holdMs: holdMs() },
      });
      const file = phantomFile(attempt);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, phantom.id, { mode: 0o600 });
      if (!('launch' in agent))
        return { args: [], environment: agent.environment({ url: gatewayUrl(), phantom: token }) };
      const folder = await agentFolder(id);
      const caFile = await deps.agentCa?.(folder);
      const trust = caFile === undefined ? {} : { caFile };
      return agent.launch({ url: gatewayUrl(), phantom: token, folder, environment, hasTools, ...trust });
    },
    revoke,
    async profile(want) {
      if (!declared.has(want.agent)) return readyProfile(deps, agentOf(want.agent).profile, want);
      throw new Problem('invalid', `${want.account} is a login of another agent, which ${want.agent} cannot use.`, {
        hint: 'Give the job a pool whose accounts the gateway serves: --pool',
      });
    },
    onOpened: (listener) => listenTo(book, listener),
  };
}

/** The pool of an agent that has none; no pool of the user's has such a name. */
function ownPool(agent: string): Label {
  return `${agent}:own` as Label;
}

/** Until when each model is closed; null for the one that the agent takes by itself. */
type OwnLogin = {
  readonly id: string;
  readonly closed: Map<string | null, { readonly until: EpochMs; readonly estimated: boolean }>;
};

function selectOwn({ id, closed }: OwnLogin, model: string | null, now: EpochMs): Selection {
  const account = asAccountId(`${id}/own`);
  const { until = 0, estimated = false } = closed.get(model) ?? {};
  if (until <= now) return { kind: 'use', account, probe: false, skipped: [] };
  const skipped = { account, reason: 'closed', until, window: 'usage' } as const;
  return {
    ...{ kind: 'wait', until, queued: false },
    skipped: [estimated ? { ...skipped, estimated } : skipped],
  };
}

/** With the user's settings in it, and the conversation of whoever had it before where their pool shares that. */
async function readyProfile(
  { book, environment, lookAfterProfiles }: JobAccountDeps,
  mode: ProfileMode,
  { account, conversation }: Parameters<AccountPort['profile']>[0],
): ReturnType<AccountPort['profile']> {
  const profile = book.state.accounts.get(account)?.account.profile ?? null;
  if (profile === null)
    throw new Problem('invalid', `Account ${account} has no login directory any more.`, {
      hint: 'See: stint account list',
    });
  await lookAfterProfiles();
  await shareSettings(mode, { profile, environment });
  const place = { transcripts: mode.transcripts, profile };
  const holds = conversation !== null && (await hasTranscript(place, conversation.session));
  if (holds && conversation.account !== account) await leaveOutForeign(place, conversation.session);
  return { args: mode.args ?? [], environment: mode.environment(profile), holds };
}

const gatherMs = 100;

/** The book wakes whoever waits; this waits again and again. */
function listenTo(book: Book, listener: () => void): () => void {
  const stopped = new AbortController();
  const wait = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await book.waitForTurn(book.clock() + hourMs, stopped.signal);
      // Requests that come and go wake it as well: what opened is open a moment later too.
      await pause(gatherMs, stopped.signal);
      if (!stopped.signal.aborted) listener();
    }
  };
  void wait();
  return () => stopped.abort();
}
