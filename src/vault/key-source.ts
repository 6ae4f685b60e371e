import { dirname, join, resolve } from 'node:path';
import { Problem } from '../core/problem.ts';
import { createFileAtomic, describeFileError } from '../lib/atomic-file.ts';
import { decryptWithPassphrase, encryptWithPassphrase, generateKey, parseKey, type VaultKey } from './encryption.ts';
import type { Keychain } from './keychain.ts';
import { readSecretFile } from './secret-file.ts';
import type { KeySource } from './vault-file.ts';

/** What a key can be taken from. `passphrase` asks a person or the environment, and is asked once per opening. */
export type KeyPlaces = {
  readonly vaultPath: string;
  readonly keychain: Keychain;
  readonly passphrase: (() => Promise<string>) | undefined;
};

type Created = { readonly key: VaultKey; readonly source: KeySource };

/**
 * Fetches the key that belongs to a vault. A missing or a different key is refused and never replaced: a new one could
 * not read what is there, and the next write would bury it.
 */
export async function fetchKey(source: KeySource, recipient: string, places: KeyPlaces): Promise<VaultKey> {
  const key = await fetchAnyKey(source, recipient, places);
  if (key.recipient === recipient) return key;
  throw new Problem('conflict', `The vault key ${placeOf(source, places)} belongs to another vault.`, {
    hint: 'Put back the key that was there when the accounts were added; nothing was changed.',
  });
}

/** Makes the key of a new vault, durably, before anything is encrypted to it. A key file that is there is used. */
export async function createKey(kind: KeySource['kind'], places: KeyPlaces): Promise<Created> {
  if (kind === 'file') return { key: await createKeyFile(keyFilePath({ kind }, places.vaultPath)), source: { kind } };
  const key = await generateKey();
  if (kind === 'keychain') {
    await places.keychain.set(key.recipient, key.identity);
    return { key, source: { kind } };
  }
  const identity = await encryptWithPassphrase(await askPassphrase(places), key.identity);
  return { key, source: { kind, identity } };
}

function fetchAnyKey(source: KeySource, recipient: string, places: KeyPlaces): Promise<VaultKey> {
  if (source.kind === 'file') return fetchFromFile(keyFilePath(source, places.vaultPath));
  if (source.kind === 'keychain') return fetchFromKeychain(recipient, places.keychain);
  return fetchWithPassphrase(source.identity, places);
}

async function fetchFromFile(path: string): Promise<VaultKey> {
  const text = await readSecretFile(path);
  if (text === undefined) {
    throw new Problem('unavailable', `The vault key ${path} is missing, and the vault cannot be read without it.`, {
      hint: 'Put it back from a backup, or move vault.json away and add the accounts again: stint account add',
    });
  }
  return parseKeyText(text, path);
}

async function parseKeyText(text: string, path: string): Promise<VaultKey> {
  const key = await parseKey(text);
  if (key !== undefined) return key;
  throw new Problem('unavailable', `The vault key ${path} is damaged; nothing was changed.`, {
    hint: 'Put it back from a backup.',
  });
}

async function fetchFromKeychain(recipient: string, keychain: Keychain): Promise<VaultKey> {
  const text = await keychain.get(recipient);
  const key = text === null ? undefined : await parseKey(text);
  if (key !== undefined) return key;
  throw new Problem('unavailable', 'The keychain has no key for this vault, and it cannot be read without it.', {
    hint: `Restore the keychain entry of the service stint, name ${recipient}.`,
  });
}

async function fetchWithPassphrase(encrypted: string, places: KeyPlaces): Promise<VaultKey> {
  const text = await decryptWithPassphrase(await askPassphrase(places), encrypted);
  const key = text === undefined ? undefined : await parseKey(text);
  if (key !== undefined) return key;
  throw new Problem('unauthorized', 'The vault cannot be read with this passphrase; nothing was changed.', {
    hint: 'Try again with the passphrase that was set when the first account was added.',
  });
}

async function askPassphrase(places: KeyPlaces): Promise<string> {
  const passphrase = await places.passphrase?.();
  if (passphrase !== undefined && passphrase !== '') return passphrase;
  throw new Problem('unauthorized', 'The vault is locked with a passphrase, and none was given.', {
    hint: 'Give it in the variable STINT_VAULT_PASSPHRASE, or start Stint from a terminal: stint up',
  });
}

async function createKeyFile(path: string): Promise<VaultKey> {
  const key = await generateKey();
  try {
    if (await createFileAtomic(path, `${key.identity}\n`)) return key;
  } catch (error) {
    throw new Problem('unavailable', `The vault key ${path} cannot be written: ${describeFileError(error)}.`, {
      cause: error,
    });
  }
  return fetchFromFile(path);
}

function keyFilePath(source: Extract<KeySource, { kind: 'file' }>, vaultPath: string): string {
  const folder = dirname(vaultPath);
  return source.path === undefined ? join(folder, 'vault.key') : resolve(folder, source.path);
}

function placeOf(source: KeySource, places: KeyPlaces): string {
  if (source.kind === 'file') return keyFilePath(source, places.vaultPath);
  return source.kind === 'keychain' ? 'in the keychain' : 'behind the passphrase';
}
