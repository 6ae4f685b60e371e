import { constants } from 'node:fs';
import { access, chmod, mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Problem } from '../core/problem.ts';
import { describeFileError, refuseForeignOwner } from '../lib/atomic-file.ts';

/** The well-known files of Stint's home. Where the control socket is, `prepareControlSocket` says. */
export type Home = {
  readonly folder: string;
  readonly config: string;
  readonly database: string;
  readonly vault: string;
  readonly token: string;
  /** Of those who only read. */
  readonly tokenRead: string;
  /** The pid of the daemon and nothing else, for whoever wants to signal it. */
  readonly pid: string;
  readonly holder: string;
  readonly daemon: string;
  readonly logs: string;
  /** Holds a folder for each agent that has to be given files. */
  readonly agents: string;
  /** Holds a folder for each account that logs in with its own CLI. */
  readonly profiles: string;
  /** Holds a folder for each pool whose accounts share their conversations. */
  readonly sessions: string;
  readonly log: string;
  /** Holds a folder for each attempt of a job: its prompt and its output. */
  readonly attempts: string;
};

/** Names the files of a home without touching the disk. */
export function homeAt(folder: string): Home {
  const root = resolve(folder);
  return {
    folder: root,
    config: join(root, 'config.toml'),
    database: join(root, 'stint.db'),
    vault: join(root, 'vault.json'),
    token: join(root, 'token'),
    tokenRead: join(root, 'token-read'),
    pid: join(root, 'stint.pid'),
    holder: join(root, 'holder.json'),
    daemon: join(root, 'daemon.json'),
    logs: join(root, 'logs'),
    agents: join(root, 'agents'),
    profiles: join(root, 'profiles'),
    sessions: join(root, 'sessions'),
    log: join(root, 'logs', 'stint.log'),
    attempts: join(root, 'attempts'),
  };
}

/**
 * Opens a home for its only user, creating it with its log folder where it is missing. Throws a Problem when the
 * folder cannot be used or belongs to another user.
 */
export async function openHome(folder: string): Promise<Home> {
  const home = homeAt(folder);
  await openPrivateFolder(home.folder);
  await openPrivateFolder(home.logs);
  return home;
}

const chooseAnother = 'Choose another home: STINT_HOME=<folder>';

/** Creates a folder of the home that only its user can enter, where it is missing. */
export async function openPrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    refuseForeignOwner(await stat(folder), folder);
    await chmod(folder, 0o700);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw await explain(error, folder);
  }
}

async function explain(error: unknown, folder: string): Promise<Problem> {
  const found = await stat(folder).catch(() => undefined);
  const reason = found !== undefined && !found.isDirectory() ? 'it is not a directory' : describeFileError(error);
  return new Problem('unavailable', `${folder} cannot be used as Stint’s home: ${reason}.`, {
    hint: chooseAnother,
    cause: error,
  });
}
