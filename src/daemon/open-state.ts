import { AuditTrail } from '../audit/trail.ts';
import { Book, type BookEvent } from '../book/book.ts';
import { forgetOld } from '../book/forget.ts';
import { saveAccount } from '../book/roster.ts';
import type { LiveConfig } from '../config/live-config.ts';
import { claimHome } from '../home/claim-home.ts';
import type { Home } from '../home/open-home.ts';
import { openLog, type LeveledLog } from '../log/log.ts';
import { openStore, type Store } from '../store/open-store.ts';
import { dayMs } from '../core/time.ts';
import { openVault, type Vault } from '../vault/open-vault.ts';
import { auditOfBook } from './audit-events.ts';
import { everyHour } from './every-hour.ts';
import { tellBook } from './log-events.ts';

export type StateOptions = {
  readonly version: string;
  readonly pid: number;
  /** Asked when the vault's key is behind a passphrase. */
  readonly passphrase: () => Promise<string>;
};

/** Of a notice since its edge, once nobody waits for it. */
const noticeLifeMs = 30 * dayMs;

/** What a daemon remembers, opened. */
export type State = {
  readonly log: LeveledLog;
  readonly vault: Vault;
  readonly store: Store;
  readonly book: Book;
  readonly trail: AuditTrail;
};

export type StateParts = {
  readonly options: StateOptions;
  readonly home: Home;
  readonly live: LiveConfig;
  /** Something was written that people are to be told. */
  readonly heard: () => void;
};

/** Claims the home and opens what it remembers. */
export async function openState(
  opened: AsyncDisposableStack,
  { options, home, live, heard }: StateParts,
): Promise<State> {
  const clock = Date.now;
  opened.adopt(await claimHome(home, { pid: options.pid, version: options.version, now: clock() }), (claim) =>
    claim.release(),
  );
  const log = opened.adopt(openLog({ path: home.log, level: live.current().log.level }), (each) => each.close());
  const vault = await openVault(home.vault, { keySource: live.current().vault.key, passphrase: options.passphrase });
  const store = opened.adopt(await openStore(home.database, { now: clock() }), (each) => each.close());
  const trail = opened.adopt(await AuditTrail.open({ store, clock, failed: log.bug }), (each) => each.stop());
  const tell = (event: BookEvent): void => {
    tellBook(log, event);
    const entry = auditOfBook(event);
    if (entry !== null) void trail.append(entry);
  };
  const book = opened.adopt(await Book.open({ store, clock, tell, noticed: heard }), (each) => each.stop());
  const forget = async (): Promise<void> => {
    await forgetOld(book);
    // How far back it is to go is not known.
    if (live.faultOf('audit') === undefined) await trail.forget(clock() - live.current().audit.keepDays * dayMs);
    await store.removeNotices(clock() - noticeLifeMs);
  };
  opened.adopt(
    everyHour(clock, () => void forget().catch(log.bug)),
    (each) => each.stop(),
  );
  await closeWithoutSecret(book, vault);
  return { log, vault, store, book, trail };
}

/** An account whose secret is gone could only fail: `status` is to say so before the first request does. */
async function closeWithoutSecret(book: Book, vault: Vault): Promise<void> {
  for (const { account } of book.state.accounts.values()) {
    if (account.standing !== 'enabled' || account.profile !== null || vault.read(account.id) !== undefined) continue;
    await saveAccount(book, { ...account, standing: 'needs-login', standingReason: 'the vault has no secret of it' });
  }
}
