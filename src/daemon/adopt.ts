import { realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Book } from '../book/book.ts';
import { addAccount, replaceAccount, type StagedSecret } from '../book/roster.ts';
import type { Account } from '../core/account/account.ts';
import type { AccountId, ProviderId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { parseJson } from '../lib/parse-json.ts';
import { describeFileError, hasCode, refuseForeignOwner, syncFolderOf, writeFileAtomic } from '../lib/atomic-file.ts';
import { readRegularFile } from '../lib/regular-file.ts';
import type { FoundLogin, Kinship, Wanted } from '../operations/context.ts';
import type { Adoption, Identity, Provider } from '../providers/provider.ts';
import type { Vault } from '../vault/open-vault.ts';

/** Where a login is while it moves. A crash leaves it there, and the next attempt goes on from it. */
const movingSuffix = '.moving-to-stint';

type ReadLogin = Extract<Adoption, { kind: 'file' }>['read'];

/** What there is to move: `secret` is for the vault, and `read` finds it in the text of the file. */
export type Login = FoundLogin & { readonly secret: string; readonly read: ReadLogin };

/**
 * Finds the login that a CLI keeps in a folder. Throws a Problem where there is none, none that may be moved, or none
 * that can be renewed.
 */
export async function findLogin(provider: Provider, folder: string): Promise<Login> {
  const { adoption } = provider;
  if (adoption === undefined) {
    throw new Problem('invalid', `Stint knows no login of ${provider.title} that it could move.`, {
      hint: `Give it a credential: stint account add ${provider.id} <label>`,
    });
  }
  if (adoption.kind === 'forbidden') throw new Problem('invalid', adoption.message, { hint: adoption.hint });
  const { cli } = adoption;
  const path = await pathOf(join(folder, adoption.file));
  const own = await read(path, cli);
  const login = own === undefined ? undefined : adoption.read(own);
  const interrupted = login === undefined || login instanceof Problem;
  const moving = interrupted ? await read(path + movingSuffix, cli) : undefined;
  const found = moving === undefined ? login : adoption.read(moving);
  if (found === undefined) {
    if (!(await isThere(folder))) {
      throw new Problem('not_found', `The directory ${folder} does not exist.`, {
        hint: `Give the directory where ${cli} keeps its login.`,
      });
    }
    throw new Problem('not_found', `${cli} has no login in ${folder}: there is no ${adoption.file}.`, {
      hint: `Give the directory where ${cli} keeps its login; in a keychain it cannot be moved.`,
    });
  }
  if (found instanceof Problem) {
    if (parseJson(moving ?? own ?? '') !== undefined) throw found;
    const file = moving === undefined ? path : path + movingSuffix;
    throw new Problem('invalid', `${file} cannot be read as a login: it is not JSON.`, {
      hint: `Log in with ${cli} again, which writes it anew.`,
    });
  }
  const credential = provider.recognise(found.secret);
  if (credential instanceof Problem) throw credential;
  return { cli, path, folder, credential, interrupted, secret: found.secret, read: (text) => adoption.read(text) };
}

type KinshipDeps = AdoptDeps & { readonly providers: ReadonlyMap<ProviderId, Provider> };

/** Compares a secret that an account is to have with the logins of the vault; it has no other owner (book/credentials.ts). */
export function kinshipOf({ book, vault, providers }: KinshipDeps, wanted: Wanted, secret: string): Kinship {
  const login = providers.get(wanted.provider)?.login ?? null;
  const own = login?.identify?.(secret) ?? nobody;
  const identityOf = (id: AccountId): Identity => login?.identify?.(vault.read(id) ?? '') ?? nobody;
  const others = [...book.state.accounts.values()].filter(
    ({ account }) => account.provider === wanted.provider && account.id !== wanted.id,
  );
  const twin = others.find(
    ({ account }) => own.refreshToken !== null && identityOf(account.id).refreshToken === own.refreshToken,
  );
  const { owner } = identityOf(wanted.id);
  return {
    heldBy: twin?.account.id ?? null,
    otherOwner: owner !== null && own.owner !== null && owner !== own.owner,
  };
}

const nobody: Identity = { refreshToken: null, owner: null };

export type AdoptDeps = { readonly book: Book; readonly vault: Vault };

/**
 * Moves a login into the vault as this account: the CLI has it until the vault's write is durable, and again when
 * anything fails. What the CLI renewed before it was taken is what counts. Returns the path of what could not be deleted
 * in the end, else null.
 */
export async function adoptLogin(deps: AdoptDeps, account: Account, login: Login): Promise<string | null> {
  const { book, vault } = deps;
  if (book.state.accounts.has(account.id)) {
    await replaceAccount(book, account, () => stageAndTake(vault, account, login));
  } else {
    await vault.write(account.id, login.secret);
    let taken: Taken | undefined;
    try {
      taken = await takeFile(login);
      if (taken.secret !== login.secret) await vault.write(account.id, taken.secret);
      await addAccount(book, account);
    } catch (error) {
      await undoBoth(taken, () => vault.remove(account.id));
      throw error;
    }
  }
  return dropMoved(login);
}

async function stageAndTake(vault: Vault, account: Account, login: Login): Promise<StagedSecret> {
  let staged = await vault.stage(account.id, login.secret);
  let taken: Taken | undefined;
  const undo = (): Promise<void> => undoBoth(taken, () => staged.undo());
  try {
    taken = await takeFile(login);
    if (taken.secret !== login.secret) {
      await staged.undo();
      staged = await vault.stage(account.id, taken.secret);
    }
    return { publish: () => staged.publish(), undo };
  } catch (error) {
    await undo();
    throw error;
  }
}

/** `secret` is what the file held when it was taken. */
type Taken = { readonly secret: string; putBack(): Promise<void> };

async function undoBoth(taken: Taken | undefined, forget: () => Promise<void>): Promise<void> {
  try {
    await taken?.putBack();
  } finally {
    await forget();
  }
}

/** Takes the login away from its CLI, which finds what is left of the file. */
async function takeFile({ path, interrupted, cli, read: readLogin }: Login): Promise<Taken> {
  const moving = path + movingSuffix;
  // What the CLI wrote since an attempt that broke off is newer than the rest of then.
  const isWritten = interrupted && (await read(path, cli)) !== undefined;
  const putBack = async (): Promise<void> => {
    if (isWritten) return;
    try {
      await rename(moving, path);
      await syncFolderOf(path);
    } catch (error) {
      throw new Problem('unavailable', `${path} cannot be put back: ${describeFileError(error)}.`, {
        hint: `The login is in ${moving}; give it its name back.`,
        cause: error,
      });
    }
  };
  try {
    if (!interrupted) await rename(path, moving);
  } catch (error) {
    throw cannotTake(path, cli, error);
  }
  try {
    await syncFolderOf(path);
    const found = readLogin((await read(moving, cli)) ?? '');
    if (found instanceof Problem) throw found;
    if (found.rest !== null && !isWritten) await writeFileAtomic(path, found.rest);
    return { secret: found.secret, putBack };
  } catch (error) {
    await putBack();
    throw error instanceof Problem ? error : cannotTake(path, cli, error);
  }
}

function cannotTake(path: string, cli: string, error: unknown): Problem {
  return new Problem('unavailable', `${path} cannot be taken away: ${describeFileError(error)}.`, {
    hint: `Nothing was changed; ${cli} has its login as before.`,
    cause: error,
  });
}

async function dropMoved({ path }: Login): Promise<string | null> {
  const moving = path + movingSuffix;
  try {
    await rm(moving);
    return null;
  } catch {
    return moving;
  }
}

/** A link leads to the file that matters: moving the link would leave the token behind. */
async function pathOf(file: string): Promise<string> {
  return realpath(file).catch(() => file);
}

function isThere(folder: string): Promise<boolean> {
  return stat(folder).then(
    () => true,
    (error: unknown) => !hasCode(error, 'ENOENT'),
  );
}

async function read(path: string, cli: string): Promise<string | undefined> {
  try {
    refuseForeignOwner(await stat(path), path);
    return await readRegularFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw new Problem('unavailable', `${path} cannot be read: ${describeFileError(error)}.`, {
      hint: `Nothing was changed. It must be a file of yours, as ${cli} wrote it.`,
      cause: error,
    });
  }
}
