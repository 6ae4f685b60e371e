import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Problem } from '../core/problem.ts';
import { executablesIn, type AgentPackage } from './agent-package.ts';

const run = promisify(execFile);

export type Install = {
  /** Where installations are kept; made when it is missing. */
  readonly cacheFolder: string;
  /** The npm to install with. */
  readonly npm: string;
  readonly report: (line: string) => void;
};

/**
 * Installs an agent once per cache and returns its executable, which has the name of its command. An installation that
 * does not run is replaced; runs at the same time end with one installation. Throws a Problem `unavailable` when npm cannot.
 */
export async function installAgent(wanted: AgentPackage, { cacheFolder, npm, report }: Install): Promise<string> {
  const { title, command, version, megabytes } = wanted;
  const place = join(cacheFolder, `${command}-${version}`);
  const present = await findExecutable(wanted, place);
  if (present !== undefined) return present;

  report(`Installing ${title} ${version} from npm into ${place} (about ${megabytes} MB, once).`);
  await mkdir(cacheFolder, { recursive: true });
  const draft = await mkdtemp(join(cacheFolder, '.draft-'));
  try {
    await installInto(draft, npm, wanted);
    if ((await findExecutable(wanted, draft)) === undefined) {
      throw failed(wanted, 'npm brought no executable that runs on this system');
    }
    return await takePlace(draft, place, wanted);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function installInto(folder: string, npm: string, wanted: AgentPackage): Promise<void> {
  // What a binary needs lies in a package per platform; the install scripts only link it to another name, or build what is there already.
  const how = ['--ignore-scripts', '--include=optional', '--no-save', '--no-audit', '--no-fund', '--no-global'];
  const patience = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  const args = [
    'install',
    '--prefix',
    folder,
    ...how,
    ...patience,
    '--loglevel=error',
    `${wanted.packageName}@${wanted.version}`,
  ];
  try {
    await run(npm, args, { cwd: folder });
  } catch (error) {
    throw failed(wanted, reasonOf(error), error);
  }
}

/** Moves a good installation to its place, unless another run was faster; a bad one there makes way. */
async function takePlace(draft: string, place: string, wanted: AgentPackage): Promise<string> {
  for (let turn = 0; turn < 3; turn += 1) {
    try {
      await rename(draft, place);
    } catch {
      const others = await findExecutable(wanted, place);
      if (others !== undefined) return others;
      // By a rename, since a folder that is removed piece by piece may be taken for a good one halfway.
      const replaced = `${draft}-replaced`;
      await rename(place, replaced).catch(() => undefined);
      await rm(replaced, { recursive: true, force: true });
      continue;
    }
    const executable = await findExecutable(wanted, place);
    if (executable !== undefined) return executable;
  }
  throw failed(wanted, `${place} cannot be written`);
}

/** The executable of an installation that proves by running that it is whole and of the right version. */
async function findExecutable(wanted: AgentPackage, place: string): Promise<string | undefined> {
  for (const executable of await executablesIn(wanted, join(place, 'node_modules'))) {
    if (await isWhole(executable, wanted)) return executable;
  }
  return undefined;
}

async function isWhole(executable: string, { version }: AgentPackage): Promise<boolean> {
  try {
    const { stdout } = await run(executable, ['--version'], { timeout: 30_000 });
    return stdout.trim().split(/\s+/).includes(version);
  } catch {
    return false;
  }
}

function failed({ title, version }: AgentPackage, reason: string, cause?: unknown): Problem {
  return new Problem('unavailable', `${title} ${version} is not in the cache and could not be installed: ${reason}.`, {
    hint: 'Check the network, then try again.',
    cause,
  });
}

/** The line of npm's output that says what went wrong, else why it did not start. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
  const lines = (stderr ?? '').split('\n').map((line) => line.replace(/^npm error\s*/, '').trim());
  const told =
    lines.find((line) => line !== '' && !/^(code|errno|syscall|npm warn) /.test(line)) ?? message.split('\n')[0] ?? '';
  return told.replace(/\.$/, '');
}
