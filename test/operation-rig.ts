// The operations as the daemon has them, in this process: a book on a database, a vault, a control API, and a clock to set.
import { join } from 'node:path';
import { agents } from '../src/agents/registry.ts';
import { AuditTrail } from '../src/audit/trail.ts';
import { Book } from '../src/book/book.ts';
import { asProviderId } from '../src/core/ids.ts';
import { nothingSpent } from '../src/core/job/stop.ts';
import type { Signal } from '../src/core/limit/signal.ts';
import type { EpochMs } from '../src/core/time.ts';
import type { AuditEntry } from '../src/core/audit.ts';
import { operationContext, type ContextDeps } from '../src/daemon/context.ts';
import type { OperationContext } from '../src/operations/context.ts';
import { execute, executeStream } from '../src/operations/operation.ts';
import { operations } from '../src/operations/registry.ts';
import { providers } from '../src/providers/registry.ts';
import { openStore } from '../src/store/open-store.ts';
import { openVault, type Vault } from '../src/vault/open-vault.ts';
import { captured, idOf } from './builders.ts';
import { temporaryFolder } from './temp-folder.ts';

export type OperationRig = AsyncDisposable & {
  readonly folder: string;
  readonly book: Book;
  readonly vault: Vault;
  readonly context: OperationContext;
  readonly audit: readonly AuditEntry[];
  /** True once `daemon.stop` was called. */
  readonly stopped: boolean;
  now: EpochMs;
  /** Runs an operation by its name, as a surface does. */
  run(name: string, input?: unknown): Promise<unknown>;
  /** Adds accounts with secrets of their own, and returns nothing. */
  add(...labels: string[]): Promise<void>;
  /** What a response of this account told. */
  observe(label: string, signal: Signal): Promise<void>;
};

/** The secret that `add` gives an account. */
export const secretOf = (label: string): string => `sk-ant-api03-test-${label}-0123456789`;

const nothing = (): Promise<never> => Promise.reject(new Error('this rig runs no jobs'));
const noJobs: OperationContext['jobs'] = {
  agents: new Map([['claude', asProviderId('anthropic')]]),
  ...{
    all: () => [],
    attempt: () => undefined,
    why: () => null,
    resolve: () => ({ resolved: { kind: 'closed', tried: [] }, rungs: [] }),
    abilities: new Map(),
    spent: () => ({ job: nothingSpent, attempt: nothingSpent, counted: nothingSpent }),
    add: nothing,
    cancel: nothing,
    park: nothing,
  },
  ...{ resume: nothing, retry: nothing, answer: nothing, terminal: nothing, terminalObstacle: () => null },
  async *logs() {
    await nothing();
    yield { attempt: 0, kind: '', text: '' };
  },
};

/** `more` stands in place of what the rig has. */
export async function openOperations(more: Partial<ContextDeps> = {}): Promise<OperationRig> {
  const folder = temporaryFolder();
  const audit: AuditEntry[] = [];
  const clock = { now: captured };
  const daemon = { stopped: false };
  const store = await openStore(join(folder.path, 'stint.db'), { now: captured });
  const vault = await openVault(join(folder.path, 'vault.json'));
  const trail = await AuditTrail.open({
    store,
    clock: () => clock.now,
    failed: (error) => {
      throw error;
    },
  });
  const book = await Book.open({ store, clock: () => clock.now, tell: () => undefined });
  const context: OperationContext = {
    caller: { surface: 'rest', actor: 'test', scope: 'full' },
    ...operationContext({
      book,
      vault,
      providers,
      agents,
      holdMs: 240_000,
      renewalFailure: () => null,
      gatewayUrl: () => 'http://127.0.0.1:4610',
      agentFolder: () => Promise.resolve(folder.path),
      agentCa: () => Promise.resolve(undefined),
      openRequests: () => [],
      jobs: noJobs,
      audit: (entry) => {
        audit.push(entry);
        return trail.append(entry);
      },
      trail: {
        lastId: () => trail.lastId,
        read: (query) => trail.read(query),
        watch: (after, signal) => trail.watch(after, signal),
      },
      tokens: {
        rotate: (scope) => Promise.resolve(join(folder.path, scope === 'full' ? 'token' : 'token-read')),
        link: () => ({ url: 'http://127.0.0.1:4600/login#code', expiresAt: clock.now + 60_000 }),
      },
      notices: { recent: () => Promise.resolve([]), channels: () => ['log'], test: () => Promise.resolve() },
      settings: {
        file: join(folder.path, 'config.toml'),
        list: () => [],
        set: () => Promise.resolve({ needsRestart: false, warning: null }),
        check: () => Promise.resolve([]),
        pendingRestart: () => [],
        refused: () => [],
      },
      authResets: { run: () => Promise.resolve({ detail: 'ran' }), canVerify: () => true },
      daemon: {
        describe: () => ({
          version: '1.2.3',
          pid: 4711,
          home: folder.path,
          startedAt: captured,
          controlPort: 4600,
          agentPort: 4610,
          controlUrl: 'http://127.0.0.1:4600',
          agentUrl: 'http://127.0.0.1:4610',
          activeRequests: 2,
          graceSeconds: 30,
          degraded: null,
          setAside: null,
        }),
        stop: () => void (daemon.stopped = true),
        check: () => Promise.resolve([{ check: 'store', ok: true, detail: 'SQLite', hint: null }]),
        readLog: ({ cursor, lines }) => Promise.resolve({ lines: ['{}'].slice(0, lines), cursor: (cursor ?? 0) + 3 }),
      },
      ...more,
    }),
  };
  const run = async (name: string, input: unknown = {}): Promise<unknown> => {
    const operation = operations.find((each) => each.name === name);
    if (operation === undefined) throw new Error(`there is no operation ${name}`);
    if (operation.kind === 'call') return execute(operation, input, context);
    const items: unknown[] = [];
    // What there is already.
    for await (const item of executeStream(operation, input, { context, signal: AbortSignal.abort() }))
      items.push(item);
    return items;
  };
  return {
    folder: folder.path,
    book,
    vault,
    context,
    audit,
    get stopped() {
      return daemon.stopped;
    },
    get now() {
      return clock.now;
    },
    set now(value) {
      clock.now = value;
    },
    run,
    add: async (...labels) => {
      for (const label of labels) {
        await run('account.add', { provider: 'anthropic', label, secret: secretOf(label) });
      }
    },
    observe: async (label, signal) => {
      await book.observe({ account: idOf(label), model: null, sentAt: clock.now, signals: [signal], served: false });
    },
    [Symbol.asyncDispose]: async () => {
      await book.stop();
      await trail.stop();
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}
