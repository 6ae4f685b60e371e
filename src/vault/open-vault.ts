import { z } from 'zod';
import { asAccountId, type AccountId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { describeFileError, writeFileAtomic } from '../lib/atomic-file.ts';
import { decryptWith, encryptTo } from './encryption.ts';
import { createKey, fetchKey, type KeyPlaces } from './key-source.ts';
import { systemKeychain, type Keychain } from './keychain.ts';
import { readSecretFile } from './secret-file.ts';
import { damagedVault, formatVaultFile, parseVaultFile, type KeySource } from './vault-file.ts';

/** The secrets of accounts, in memory once opened. A write is on the disk when its promise resolves. */
export interface Vault {
  /** Where the key is; for a vault that nothing was written to yet, where it will be. */
  readonly keySource: KeySource['kind'];
  read(account: AccountId): string | undefined;
  write(account: AccountId, secret: string): Promise<void>;
  /** Writes a secret in the place of exactly this one; false, and nothing written, when the vault has another or none. */
  swap(account: AccountId, known: string, secret: string): Promise<boolean>;
  /**
   * Writes a secret that `read` gives from `publish` on; until then, and after an `undo`, it gives the one before.
   * `undo` takes it from the disk as well.
   */
  stage(account: AccountId, secret: string): Promise<StagedSecret>;
  /** Copies a secret to another name. */
  copy(account: AccountId, to: AccountId): Promise<void>;
  remove(account: AccountId): Promise<void>;
  names(): readonly AccountId[];
}

export type StagedSecret = { publish(): void; undo(): Promise<void> };

export type VaultOptions = {
  /** For a new vault; one that exists names its own. */
  readonly keySource?: KeySource['kind'];
  readonly passphrase?: () => Promise<string>;
  readonly keychain?: Keychain;
};

/** The vault as it is on the disk: `text` tells whether somebody else wrote to it. */
type Sealed = { readonly text: string; readonly source: KeySource; readonly recipient: string };
type Secrets = ReadonlyMap<AccountId, string>;

/**
 * Opens the vault at `path`; where there is none, nothing is created before the first write. Throws a Problem and
 * changes nothing when the key is missing or another one, and when the vault is damaged.
 */
export async function openVault(path: string, options: VaultOptions = {}): Promise<Vault> {
  const places = { vaultPath: path, keychain: options.keychain ?? systemKeychain, passphrase: options.passphrase };
  const kind = options.keySource ?? 'file';
  const opened = await unseal(path, places);
  let sealed = opened?.sealed;
  let secrets: Secrets = opened?.secrets ?? new Map();
  let last: Promise<unknown> = Promise.resolve();

  /** What readers still get of accounts whose secret is staged. */
  const before = new Map<AccountId, string | undefined>();

  /** One change after the other, and in memory only what is on the disk. */
  const change = (next: (secrets: Secrets) => Secrets): Promise<void> => {
    const turn = last.then(async () => {
      const changed = next(secrets);
      if (changed === secrets) return;
      await refuseForeignChange(path, sealed);
      sealed = await seal(path, changed, sealed ?? (await newSeal(kind, places)));
      secrets = changed;
    });
    last = turn.catch(() => undefined);
    return turn;
  };

  return {
    get keySource() {
      return sealed?.source.kind ?? kind;
    },
    read: (account) => (before.has(account) ? before.get(account) : secrets.get(account)),
    names: () => [...secrets.keys()],
    write: (account, secret) => change((known) => new Map(known).set(account, secret)),
    swap: async (account, known, secret) => {
      let fits = false;
      await change((all) => {
        fits = all.get(account) === known;
        return fits ? new Map(all).set(account, secret) : all;
      });
      return fits;
    },
    stage: async (account, secret) => {
      let known = secrets.get(account);
      const publish = (): void => void before.delete(account);
      before.set(account, known);
      try {
        await change((all) => {
          // A swap may have come before.
          known = all.get(account);
          before.set(account, known);
          return new Map(all).set(account, secret);
        });
      } catch (error) {
        publish();
        throw error;
      }
      const undo = async (): Promise<void> => {
        const earlier = known;
        await change((all) => (earlier === undefined ? without(all, account) : new Map(all).set(account, earlier)));
        publish();
      };
      return { publish, undo };
    },
    copy: (account, to) =>
      change((known) => {
        const secret = known.get(account);
        return secret === undefined ? known : new Map(known).set(to, secret);
      }),
    remove: (account) => change((known) => (known.has(account) ? without(known, account) : known)),
  };
}

function without(secrets: Secrets, account: AccountId): Secrets {
  return new Map([...secrets].filter(([name]) => name !== account));
}

async function unseal(path: string, places: KeyPlaces): Promise<{ sealed: Sealed; secrets: Secrets } | undefined> {
  const text = await readSecretFile(path);
  if (text === undefined) return undefined;
  const file = parseVaultFile(text, path);
  const key = await fetchKey(file.keySource, file.recipient, places);
  const payload = await decryptWith(key.identity, file.payload);
  const secrets = payload === undefined ? undefined : parseSecrets(payload);
  if (secrets === undefined) throw damagedVault(path);
  return { sealed: { text, source: file.keySource, recipient: file.recipient }, secrets };
}

async function newSeal(kind: KeySource['kind'], places: KeyPlaces): Promise<Omit<Sealed, 'text'>> {
  const { key, source } = await createKey(kind, places);
  return { source, recipient: key.recipient };
}

async function seal(path: string, secrets: Secrets, { source, recipient }: Omit<Sealed, 'text'>): Promise<Sealed> {
  const payload = await encryptTo(recipient, JSON.stringify(Object.fromEntries(secrets)));
  const text = formatVaultFile({ version: 1, keySource: source, recipient, payload });
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    throw new Problem('unavailable', `The vault ${path} cannot be written: ${describeFileError(error)}.`, {
      cause: error,
    });
  }
  return { text, source, recipient };
}

async function refuseForeignChange(path: string, sealed: Sealed | undefined): Promise<void> {
  if ((await readSecretFile(path)) === sealed?.text) return;
  throw new Problem('conflict', `The vault ${path} was changed by somebody else; nothing was written.`, {
    hint: 'Restart the daemon, which reads it again: stint down && stint up',
  });
}

const secretsSchema = z.record(z.string(), z.string());

/** The parser's own error would quote a secret. */
function parseSecrets(payload: string): Secrets | undefined {
  try {
    return new Map(
      Object.entries(secretsSchema.parse(JSON.parse(payload))).map(([name, secret]) => [asAccountId(name), secret]),
    );
  } catch {
    return undefined;
  }
}
