import { describe, expect, test } from 'bun:test';
import { idOf, labelFrom } from '../../test/builders.ts';
import { openedBook, type OpenedBook } from '../../test/book-rig.ts';
import { asSessionId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import { clearAccount, saveAccount } from './roster.ts';

const closed = (more: Partial<Extract<Signal, { kind: 'closed' }>> = {}): Signal => ({
  kind: 'closed',
  window: 'five_hour',
  family: null,
  overage: false,
  until: 3_600_000,
  evidence: 'five_hour rejected',
  ...more,
});

describe('accounts that share the quota of a project', () => {
  const project = 'acme';

  test('are closed and opened together', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b']) {
      const { account } = opened.book.account(idOf(label));
      await saveAccount(opened.book, { ...account, project });
    }
    opened.now = 1000;
    await see(opened, 'a', { sentAt: 500, signals: [closed()] });
    expect([isOpen(opened, 'a'), isOpen(opened, 'b')]).toEqual([false, false]);
    expect(edges(opened)).toEqual(['exhausted']);
    await see(opened, 'b', { sentAt: 1001, served: true });
    expect([isOpen(opened, 'a'), isOpen(opened, 'b')]).toEqual([true, true]);
    expect(edges(opened)).toEqual(['exhausted', 'recovered']);
  });

  test('are cleared together by the operator', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b']) {
      const { account } = opened.book.account(idOf(label));
      await saveAccount(opened.book, { ...account, project });
    }
    await see(opened, 'a', { sentAt: 500, signals: [closed()] });
    expect(await clearAccount(opened.book, idOf('b'))).toBe(1);
    expect([isOpen(opened, 'a'), isOpen(opened, 'b')]).toEqual([true, true]);
  });

  test('are not all refused what one of them may not do', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b']) {
      const { account } = opened.book.account(idOf(label));
      await saveAccount(opened.book, { ...account, project });
    }
    await see(opened, 'a', { sentAt: 500, signals: [closed({ window: 'entitlement', until: null })] });
    expect([isOpen(opened, 'a'), isOpen(opened, 'b')]).toEqual([false, true]);
  });

  test('are another when the project is', async () => {
    await using opened = await openedBook();
    await saveAccount(opened.book, { ...opened.book.account(idOf('a')).account, project });
    await see(opened, 'a', { sentAt: 500, signals: [closed()] });
    expect([isOpen(opened, 'a'), isOpen(opened, 'b')]).toEqual([false, true]);
  });
});

describe('a limit told to a request of before', () => {
  test('the operator cleared the account, or gave it another login, closes nothing', async () => {
    await using opened = await openedBook();
    opened.now = 1000;
    await see(opened, 'a', { sentAt: 900, signals: [closed()] });
    await clearAccount(opened.book, idOf('a'));
    await see(opened, 'a', { sentAt: 950, signals: [closed()] });
    expect(isOpen(opened, 'a')).toBe(true);
    await see(opened, 'a', { sentAt: 1001, signals: [closed()] });
    expect(isOpen(opened, 'a')).toBe(false);
  });
});

describe('an answer that was on its way when a limit was observed', () => {
  test('does not clear it, one that was sent later does', async () => {
    await using opened = await openedBook();
    opened.now = 1000;
    await see(opened, 'a', { sentAt: 500, signals: [closed()] });
    await see(opened, 'a', {
      sentAt: 400,
      served: true,
      signals: [{ kind: 'open', window: 'five_hour', family: null }],
    });
    await see(opened, 'a', { sentAt: 1000, served: true });
    expect(isOpen(opened, 'a')).toBe(false);
    await see(opened, 'a', { sentAt: 1001, served: true });
    expect(isOpen(opened, 'a')).toBe(true);
    expect(opened.events.map(({ kind }) => kind)).toEqual(['closed', 'opened']);
  });

  test('does not end the episode either', async () => {
    await using opened = await openedBook();
    opened.now = 1000;
    for (const label of ['a', 'b']) await see(opened, label, { sentAt: 500, signals: [closed()] });
    await see(opened, 'b', { sentAt: 600, served: true });
    expect(opened.events.map(({ kind }) => kind)).toEqual(['closed', 'closed', 'exhausted']);
    opened.now = 3_700_000;
    await see(opened, 'b', { sentAt: 600, served: true });
    expect(edges(opened)).toEqual(['exhausted']);
    await see(opened, 'a', { sentAt: 3_650_000, served: true });
    expect(opened.events.map(({ kind }) => kind).slice(3)).toEqual(['opened', 'recovered']);
  });
});

describe('an episode', () => {
  test('begins once, when the last account closes, and not again while it lasts', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b', 'a', 'b']) {
      opened.now += 1000;
      await see(opened, label, { sentAt: opened.now - 1, signals: [closed({ until: opened.now + 60_000 })] });
    }
    expect(edges(opened)).toEqual(['exhausted']);
  });

  test('is one for a model family while others are open', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b']) {
      await see(opened, label, { signals: [closed({ window: 'seven_day_opus', family: 'opus' })] });
    }
    expect(opened.events.at(-1)).toMatchObject({ kind: 'exhausted', episode: { pool: 'anthropic', family: 'opus' } });
    opened.now = 1000;
    await see(opened, 'a', { sentAt: 1000, served: true, model: 'claude-sonnet-4-5' });
    expect(edges(opened)).toEqual(['exhausted']);
    opened.now = 3_600_001;
    await see(opened, 'a', { sentAt: 3_600_001, served: true, model: 'claude-opus-4-8' });
    expect(edges(opened)).toEqual(['exhausted', 'recovered']);
  });

  test('begins for a family that one account’s limit on it and another’s on everything close together', async () => {
    await using opened = await openedBook();
    await see(opened, 'a', { signals: [closed({ window: 'seven_day_opus', family: 'opus' })] });
    await see(opened, 'b', { signals: [closed()] });
    expect(opened.events.at(-1)).toMatchObject({ kind: 'exhausted', episode: { pool: 'anthropic', family: 'opus' } });
    expect(edges(opened)).toEqual(['exhausted']);
  });

  test('does not end because time passed or an operator cleared: only an answer is proof', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b']) await see(opened, label, { signals: [closed()] });
    opened.now = 1000;
    expect(await clearAccount(opened.book, idOf('a'))).toBe(1);
    opened.now = 4_000_000;
    expect(edges(opened)).toEqual(['exhausted']);
    await see(opened, 'b', { sentAt: 4_000_000, served: true });
    expect(edges(opened)).toEqual(['exhausted', 'recovered']);
  });

  test('begins when the last login is refused', async () => {
    await using opened = await openedBook();
    await see(opened, 'a', { signals: [closed()] });
    await see(opened, 'b', { signals: [{ kind: 'refused', evidence: 'HTTP 401' }] });
    expect(opened.events.map(({ kind }) => kind)).toEqual(['closed', 'needs-login', 'exhausted']);
  });
});

describe('network errors', () => {
  test('in a row of three rest the account for ten seconds, and any other answer breaks the row', async () => {
    await using opened = await openedBook();
    for (const fault of ['network', 'network', 'overload', 'network', 'network', null, 'network'] as const) {
      opened.book.observeFault(idOf('a'), fault);
    }
    expect(isOpen(opened, 'a')).toBe(true);
    opened.book.observeFault(idOf('a'), 'network');
    opened.book.observeFault(idOf('a'), 'network');
    expect(isOpen(opened, 'a')).toBe(false);
    opened.now += 9999;
    expect(isOpen(opened, 'a')).toBe(false);
    opened.now += 1;
    expect(isOpen(opened, 'a')).toBe(true);
  });
});

describe('somebody who waits', () => {
  test('is woken by an account that opens, by its own time and by its abort, and leaves nothing behind', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    await see(opened, 'a', { signals: [closed()] });
    const never = new AbortController().signal;
    const byClear = book.waitForTurn(3_600_000, never);
    await clearAccount(book, idOf('a'));
    await byClear;
    await book.waitForTurn(opened.now + 1, never);
    await see(opened, 'b', { signals: [closed()] });
    const byAnswer = book.waitForTurn(3_600_000, never);
    await see(opened, 'b', { sentAt: 1, served: true });
    await byAnswer;
    const client = new AbortController();
    const byAbort = book.waitForTurn(3_600_000, client.signal);
    client.abort();
    await byAbort;
    await book.waitForTurn(3_600_000, client.signal);
    const byStop = book.waitForTurn(3_600_000, never);
    await book.stop();
    await byStop;
  });
});

type Seen = { sentAt?: number; signals?: readonly Signal[]; served?: boolean; model?: string };

async function see({ book, now }: OpenedBook, label: string, seen: Seen): Promise<void> {
  const { sentAt = now, signals = [], served = false, model = 'claude-sonnet-4-5' } = seen;
  await book.observe({ account: idOf(label), model, sentAt, signals, served });
}

/** Whether a request that may go nowhere else would go to this account. */
function isOpen({ book }: OpenedBook, label: string): boolean {
  const pool = book.pool(labelFrom('anthropic'));
  if (pool === undefined) throw new Error('no pool');
  const selection = book.select({ pool, session: asSessionId(''), model: 'claude-sonnet-4-5' }, [], 0);
  return selection.skipped.every((each) => each.account !== idOf(label));
}

function edges({ events }: OpenedBook): string[] {
  return events.map(({ kind }) => kind).filter((kind) => kind === 'exhausted' || kind === 'recovered');
}
