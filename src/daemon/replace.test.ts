import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBook } from '../../test/book-rig.ts';
import { buildAccount, idOf } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { BookStore } from '../book/ports.ts';
import { addAccount } from '../book/roster.ts';
import type { Account } from '../core/account/account.ts';
import { openVault } from '../vault/open-vault.ts';
import { operationContext, type ContextDeps } from './context.ts';

const before = buildAccount('a', { credential: 'setup-token', baseUrl: 'https://old.example' });
const after = buildAccount('a', { baseUrl: 'https://new.example' });
const oldSecret = 'sk-ant-oat01-test-old';
const newSecret = 'sk-ant-api03-test-new';

describe('a replaced secret', () => {
  test('is seen together with its kind and base URL, by everybody at once', async () => {
    const seen = new Set<string>();
    const look = async (): Promise<void> => {
      for (let turn = 0; turn < 50; turn += 1) {
        seen.add(place.read());
        await Promise.resolve();
      }
    };
    await using place = await openPlace({ onSaved: () => void look() });
    void look();
    await place.replace();
    await look();
    expect([...seen]).toEqual([
      `setup-token https://old.example ${oldSecret}`,
      `api-key https://new.example ${newSecret}`,
    ]);
    expect(await place.readAgain()).toBe(`enabled api-key https://new.example ${newSecret}`);
  });

  test('meets no account that it could be sent with before the new one is stored: a crash leaves one without a login', async () => {
    const crash: { account?: Account; secret?: string | undefined } = {};
    await using place = await openPlace({
      onSave: async (account, store, vaultPath) => {
        if (account.standing !== 'enabled') return;
        crash.account = (await store.load()).accounts[0] as Account;
        crash.secret = (await openVault(vaultPath)).read(idOf('a'));
      },
    });
    await place.replace();
    expect(crash.account).toMatchObject({ standing: 'needs-login', baseUrl: 'https://new.example' });
    expect(crash.secret).toBe(newSecret);
  });

  test.each([
    ['at first', (account: Account) => account.standing === 'needs-login'],
    ['at last', (account: Account) => account.baseUrl === after.baseUrl && account.standing === 'enabled'],
  ])('that the store refuses %s leaves the old one, in memory and on the disk', async (_, refuses) => {
    await using place = await openPlace({
      onSave: async (account) => {
        if (refuses(account)) throw new Error('SQLITE_FULL');
      },
    });
    await expect(place.replace()).rejects.toThrow('SQLITE_FULL');
    expect(place.read()).toBe(`setup-token https://old.example ${oldSecret}`);
    expect(await place.readAgain()).toBe(`enabled setup-token https://old.example ${oldSecret}`);
  });

  test('that the vault refuses leaves the old one', async () => {
    await using place = await openPlace();
    const other = await openVault(place.vaultPath);
    await other.write(idOf('b'), 'sk-ant-api03-test-foreign');
    await expect(place.replace()).rejects.toThrow('was changed by somebody else');
    expect(place.read()).toBe(`setup-token https://old.example ${oldSecret}`);
    expect(await place.readAgain()).toBe(`enabled setup-token https://old.example ${oldSecret}`);
  });
});

type Hooks = {
  /** Before the account is written. */
  readonly onSave?: (account: Account, store: BookStore, vaultPath: string) => Promise<void>;
  /** In the turn in which that ends. */
  readonly onSaved?: () => void;
};

/** An account in a book and its secret in a vault. */
async function openPlace({ onSave, onSaved }: Hooks = {}) {
  const folder = temporaryFolder();
  const vaultPath = join(folder.path, 'vault.json');
  const opened = await openBook({
    path: join(folder.path, 'stint.db'),
    wrapStore: (store) => ({
      ...store,
      saveAccount: async (account) => {
        await onSave?.(account, store, vaultPath);
        await store.saveAccount(account);
        onSaved?.();
      },
    }),
  });
  const { book } = opened;
  const vault = await openVault(vaultPath);
  await vault.write(idOf('a'), oldSecret);
  await addAccount(book, before);
  const { accounts } = operationContext({ book, vault } as ContextDeps);
  return {
    vaultPath,
    replace: () => accounts.replace(after, newSecret),
    /** What the gateway would send with. */
    read: () => describeAccount(book.account(idOf('a')).account, vault.read(idOf('a'))),
    /** What a daemon would start with. */
    readAgain: async () => {
      const [account] = (await book.store.load()).accounts;
      if (account === undefined) throw new Error('no account');
      return `${account.standing} ${describeAccount(account, (await openVault(vaultPath)).read(idOf('a')))}`;
    },
    [Symbol.asyncDispose]: async () => {
      await opened[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

function describeAccount({ credential, baseUrl }: Account, secret: string | undefined): string {
  return `${credential} ${baseUrl} ${secret}`;
}
