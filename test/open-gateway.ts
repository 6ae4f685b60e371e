// What the gateway's rigs share: a gateway over a book on disk, with the accounts and the upstream that a test gives it.
import { join } from 'node:path';
import { Book, type BookEvent } from '../src/book/book.ts';
import { Credentials } from '../src/book/credentials.ts';
import type { BookStore, Secrets } from '../src/book/ports.ts';
import { addAccount } from '../src/book/roster.ts';
import type { Account } from '../src/core/account/account.ts';
import type { AccountId, ProviderId } from '../src/core/ids.ts';
import type { EpochMs } from '../src/core/time.ts';
import { Gateway } from '../src/gateway/gateway.ts';
import type { GatewaySettings, RefusedRequest, RequestRecord } from '../src/gateway/ports.ts';
import type { Provider } from '../src/providers/provider.ts';
import { providers as registered } from '../src/providers/registry.ts';
import { openStore } from '../src/store/open-store.ts';
import { Recorder } from './recorder.ts';

export type GatewayParts = {
  readonly folder: string;
  readonly clock: () => EpochMs;
  readonly accounts: readonly Account[];
  /** By account; changed by a renewal. */
  readonly secrets: Map<AccountId, string>;
  readonly settings?: Partial<GatewaySettings> | undefined;
  /** In place of all there are. */
  readonly providers?: ReadonlyMap<ProviderId, Provider>;
  readonly random?: (() => number) | undefined;
  readonly wrapStore?: ((store: BookStore) => BookStore) | undefined;
  /** Sees a credential being asked for, and an event of the book, as they happen. */
  readonly onSend?: (account: AccountId) => void;
  readonly onEvent?: (event: BookEvent) => void;
};

export type OpenedGateway = {
  readonly book: Book;
  readonly gateway: Gateway;
  readonly port: number;
  readonly events: Recorder<BookEvent>;
  readonly records: Recorder<RequestRecord>;
  readonly bugs: readonly unknown[];
  readonly refusals: readonly RefusedRequest[];
};

/** Opens it all, and leaves what has to be closed to `opened`. */
export async function openGateway(opened: AsyncDisposableStack, parts: GatewayParts): Promise<OpenedGateway> {
  const { clock, secrets, providers = registered } = parts;
  const store = await openStore(join(parts.folder, 'stint.db'), { now: clock() });
  opened.defer(() => store.close());
  const events = new Recorder<BookEvent>();
  const book = await Book.open({
    store: parts.wrapStore?.(store) ?? store,
    clock,
    tell: (event) => {
      parts.onEvent?.(event);
      events.add(event);
    },
  });
  opened.defer(() => book.stop());
  for (const account of parts.accounts) await addAccount(book, account);
  const credentials = new Credentials({
    book,
    secrets: mapSecrets(secrets),
    providers,
    fetch: (url, init) => fetch(url, init),
    random: () => 0,
    tell: () => undefined,
  });
  const records = new Recorder<RequestRecord>();
  const bugs: unknown[] = [];
  const refusals: RefusedRequest[] = [];
  const gateway = new Gateway({
    book,
    credentials: {
      current: (account) => {
        parts.onSend?.(account.id);
        return credentials.current(account);
      },
      renew: (account, refused) => credentials.renew(account, refused),
      failureOf: (account) => credentials.failureOf(account),
    },
    providers,
    settings: { ...settings, ...parts.settings },
    log: {
      request: (record) => records.add(record),
      refused: (refusal) => refusals.push(refusal),
      bug: (error) => bugs.push(error),
    },
    random: parts.random ?? (() => 0),
  });
  opened.defer(() => gateway.stop());
  const port = gateway.start({ hostname: '127.0.0.1', port: 0 });
  return { book, gateway, port, events, records, bugs, refusals };
}

function mapSecrets(secrets: Map<AccountId, string>): Secrets {
  return {
    read: (account) => secrets.get(account),
    swap: (account, known, secret) => {
      if (secrets.get(account) !== known) return Promise.resolve(false);
      secrets.set(account, secret);
      return Promise.resolve(true);
    },
  };
}

const mebibyte = 1024 * 1024;

const settings: GatewaySettings = {
  bodyLimitBytes: 64 * mebibyte,
  bodiesInFlightBytes: 512 * mebibyte,
  headTimeoutMs: { streamed: 120_000, whole: 600_000 },
  idleTimeoutMs: 300_000,
  stopGraceMs: 0,
  timeZone: 'UTC',
};
