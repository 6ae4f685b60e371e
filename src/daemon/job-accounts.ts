import type { Agent } from '../agents/agent.ts';
import type { Book } from '../book/book.ts';
import { issuePhantom, revokePhantom } from '../book/phantoms.ts';
import type { AttemptId, PhantomId } from '../core/ids.ts';
import { asProviderId, asSessionId } from '../core/ids.ts';
import { modeOf } from '../core/pool/mode.ts';
import { defaultPoolOf } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import { hourMs } from '../core/time.ts';
import type { AccountPort } from '../supervisor/ports.ts';

export type JobAccountDeps = {
  readonly book: Book;
  readonly agents: ReadonlyMap<string, Agent>;
  /** How long a request of a job may be held. */
  readonly holdMs: () => number;
  /** Where agents reach the gateway: `http://127.0.0.1:4610`. */
  readonly gatewayUrl: () => string;
  /** A folder of the home for files that an agent has to be given. */
  readonly agentFolder: (agent: string) => Promise<string>;
};

/** What the supervisor may know and do about accounts: the book's own answers, and phantoms. */
export function jobAccounts({ book, agents, holdMs, gatewayUrl, agentFolder }: JobAccountDeps): AccountPort {
  const phantoms = new Map<AttemptId, PhantomId>();
  const agentOf = (id: string): Agent => {
    const agent = agents.get(id);
    if (agent === undefined) throw new Problem('invalid', `Stint knows no agent ${id}.`, { hint: 'See: stint --help' });
    return agent;
  };
  return {
    defaultPool: (agent) => defaultPoolOf(agents.get(agent)?.provider ?? asProviderId('')),
    modeOf: (pool) => modeOf(book.pool(pool)?.candidates.map((each) => each.account) ?? []),
    select({ pool, session, model, exclude }) {
      const state = book.pool(pool);
      if (state === undefined) return { kind: 'none', skipped: [] };
      return book.select({ pool: state, session: asSessionId(session ?? ''), model }, exclude, 0);
    },
    account: (id) => book.state.accounts.get(id)?.account,
    observe: async (seen) => {
      await book.observe(seen);
      await book.journal.written();
    },
    async phantom({ agent: id, pool, attempt }) {
      const agent = agentOf(id);
      const { token, phantom } = await issuePhantom(book, {
        ...{ provider: agent.provider, pool, origin: 'wrapper', holdMs: holdMs() },
      });
      phantoms.set(attempt, phantom.id);
      return agent.launch({ url: gatewayUrl(), phantom: token, folder: await agentFolder(id) });
    },
    async revoke(attempt) {
      const id = phantoms.get(attempt);
      if (id !== undefined) await revokePhantom(book, id);
      phantoms.delete(attempt);
    },
    onOpened: (listener) => listenTo(book, listener),
  };
}

const gatherMs = 100;

/** Resolves after a time, or when the signal aborts. */
function within(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

/** The book wakes whoever waits; this waits again and again. */
function listenTo(book: Book, listener: () => void): () => void {
  const stopped = new AbortController();
  const wait = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await book.waitForTurn(book.clock() + hourMs, stopped.signal);
      // Requests that come and go wake it as well: what opened is open a moment later too.
      await within(gatherMs, stopped.signal);
      if (!stopped.signal.aborted) listener();
    }
  };
  void wait();
  return () => stopped.abort();
}
