import { describe, expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asAccountId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { generateKey } from './encryption.ts';
import type { Keychain } from './keychain.ts';
import { openVault, type VaultOptions } from './open-vault.ts';

const work = asAccountId('anthropic/work');
const secret = 'sk-ant-api03-test-0123456789';

describe('the key in a file', () => {
  test('that is missing is refused and never replaced', async () => {
    using place = await vaultWith({});
    rmSync(place.key);
    const before = readFileSync(place.path, 'utf8');
    await expect(openVault(place.path)).rejects.toMatchObject({
      name: 'Problem',
      code: 'unavailable',
      message: `The vault key ${place.key} is missing, and the vault cannot be read without it.`,
    });
    expect(existsSync(place.key)).toBe(false);
    expect(readFileSync(place.path, 'utf8')).toBe(before);
  });

  test('that belongs to another vault is refused and stays', async () => {
    using place = await vaultWith({});
    const { identity } = await generateKey();
    writeFileSync(place.key, identity);
    const before = readFileSync(place.path, 'utf8');
    await expect(openVault(place.path)).rejects.toMatchObject({
      name: 'Problem',
      code: 'conflict',
      message: `The vault key ${place.key} belongs to another vault.`,
    });
    expect(readFileSync(place.key, 'utf8')).toBe(identity);
    expect(readFileSync(place.path, 'utf8')).toBe(before);
  });

  const damages = ['', 'no key', 'AGE-SECRET-KEY-1QQQQ'];
  test.each(damages)('that is damaged as %j is refused for an old and for a new vault, and stays', async (text) => {
    using place = await vaultWith({});
    writeFileSync(place.key, text);
    const refusal = `The vault key ${place.key} is damaged; nothing was changed.`;
    await expect(openVault(place.path)).rejects.toThrow(refusal);
    rmSync(place.path);
    const vault = await openVault(place.path);
    await expect(vault.write(work, secret)).rejects.toThrow(refusal);
    expect(readFileSync(place.key, 'utf8')).toBe(text);
    expect(existsSync(place.path)).toBe(false);
  });

  test('that is there is used for a new vault, so that the old one can come back', async () => {
    using place = await vaultWith({});
    const aside = `${place.path}.aside`;
    renameSync(place.path, aside);
    await (await openVault(place.path)).write(work, 'sk-test-new');
    renameSync(aside, place.path);
    expect((await openVault(place.path)).read(work)).toBe(secret);
  });

  test('may have comments, as age writes them, and lie where the vault says', async () => {
    using place = await vaultWith({});
    const elsewhere = join(place.folder, 'elsewhere.key');
    writeFileSync(
      elsewhere,
      `# created: 2026-11-21\r\n# public key: age1...\r\n${readFileSync(place.key, 'utf8')}\r\n`,
    );
    rmSync(place.key);
    const vault = JSON.parse(readFileSync(place.path, 'utf8'));
    writeFileSync(place.path, JSON.stringify({ ...vault, keySource: { kind: 'file', path: 'elsewhere.key' } }));
    const reopened = await openVault(place.path);
    expect(reopened.read(work)).toBe(secret);
    await reopened.write(work, 'sk-test-new');
    expect((await openVault(place.path)).read(work)).toBe('sk-test-new');
    expect(existsSync(place.key)).toBe(false);
  });
});

describe('the key in the keychain', () => {
  test('opens the vault, which has no key file', async () => {
    const keychain = memoryKeychain();
    using place = await vaultWith({ keySource: 'keychain', keychain });
    const [identity] = keychain.entries.values();
    expect(identity).toStartWith('AGE-SECRET-KEY-1');
    expect(readdirSync(place.folder)).toEqual(['vault.json']);
    expect(readFileSync(place.path, 'utf8')).not.toContain(identity ?? '');
    const reopened = await openVault(place.path, { keychain });
    expect(reopened.read(work)).toBe(secret);
    expect(reopened.keySource).toBe('keychain');
  });

  test('that is missing is refused and never replaced', async () => {
    const keychain = memoryKeychain();
    using place = await vaultWith({ keySource: 'keychain', keychain });
    const [recipient] = keychain.entries.keys();
    keychain.entries.clear();
    await expect(openVault(place.path, { keychain })).rejects.toMatchObject({
      name: 'Problem',
      code: 'unavailable',
      hint: `Restore the keychain entry of the service stint, name ${recipient}.`,
    });
    expect(keychain.entries.size).toBe(0);
  });

  test('that is another one is refused', async () => {
    const keychain = memoryKeychain();
    using place = await vaultWith({ keySource: 'keychain', keychain });
    const { identity } = await generateKey();
    for (const name of keychain.entries.keys()) keychain.entries.set(name, identity);
    await expect(openVault(place.path, { keychain })).rejects.toMatchObject({
      code: 'conflict',
      message: 'The vault key in the keychain belongs to another vault.',
    });
  });

  test('of two vaults are two keys', async () => {
    const keychain = memoryKeychain();
    using first = await vaultWith({ keySource: 'keychain', keychain });
    using second = await vaultWith({ keySource: 'keychain', keychain });
    for (const place of [first, second]) expect((await openVault(place.path, { keychain })).read(work)).toBe(secret);
  });

  test('that cannot be stored leaves no vault behind', async () => {
    using folder = temporaryFolder();
    const locked = new Problem('unavailable', 'The keychain cannot be reached: it is locked.');
    const keychain: Keychain = { get: () => Promise.reject(locked), set: () => Promise.reject(locked) };
    const vault = await openVault(join(folder.path, 'vault.json'), { keySource: 'keychain', keychain });
    await expect(vault.write(work, secret)).rejects.toBe(locked);
    expect(vault.names()).toEqual([]);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe('the key behind a passphrase', () => {
  test(
    'is asked for once per opening, lies in the vault encrypted, and is refused to another passphrase',
    async () => {
      let asked = 0;
      const passphrase = () => Promise.resolve((asked += 1) > 0 ? 'correct horse' : '');
      using place = await vaultWith({ keySource: 'passphrase', passphrase });
      expect(asked).toBe(1);
      expect(readdirSync(place.folder)).toEqual(['vault.json']);
      const before = readFileSync(place.path, 'utf8');
      expect(before).not.toContain('AGE-SECRET-KEY');

      const reopened = await openVault(place.path, { passphrase });
      expect(reopened.read(work)).toBe(secret);
      expect(reopened.keySource).toBe('passphrase');
      await expect(openVault(place.path, { passphrase: () => Promise.resolve('wrong') })).rejects.toMatchObject({
        name: 'Problem',
        code: 'unauthorized',
        message: 'The vault cannot be read with this passphrase; nothing was changed.',
      });
      expect(readFileSync(place.path, 'utf8')).toBe(before);

      await reopened.write(work, 'sk-test-new');
      expect(asked).toBe(2);
    },
    // Each scrypt is slow on purpose.
    60_000,
  );

  const missing: [string, VaultOptions['passphrase']][] = [
    ['nobody can be asked', undefined],
    ['the answer is empty', () => Promise.resolve('')],
  ];
  test.each(missing)('is refused where %s, and no vault is made', async (_, passphrase) => {
    using folder = temporaryFolder();
    const options: VaultOptions = { keySource: 'passphrase', ...(passphrase && { passphrase }) };
    const vault = await openVault(join(folder.path, 'vault.json'), options);
    await expect(vault.write(work, secret)).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'The vault is locked with a passphrase, and none was given.',
    });
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

/** A folder with a vault that holds one secret. */
async function vaultWith(options: VaultOptions) {
  const folder = temporaryFolder();
  const path = join(folder.path, 'vault.json');
  const vault = await openVault(path, options);
  await vault.write(work, secret);
  return {
    folder: folder.path,
    path,
    key: join(folder.path, 'vault.key'),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function memoryKeychain(): Keychain & { readonly entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    get: (name) => Promise.resolve(entries.get(name) ?? null),
    set: (name, value) => Promise.resolve(void entries.set(name, value)),
  };
}
