import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Problem } from '../core/problem.ts';

/** The version that Stint is proved with. */
export const claudeVersion = '2.1.197';

const packageName = '@anthropic-ai/claude-code';
const run = promisify(execFile);

export type Install = {
  /** Where installations are kept; made when it is missing. */
  readonly cacheFolder: string;
  /** The npm to install with. */
  readonly npm: string;
  readonly report: (line: string) => void;
};

/**
 * Installs Claude Code once per cache and returns its executable, whose name is `claude`. An installation that does not
 * run is replaced; runs at the same time end with one installation. Throws a Problem `unavailable` when npm cannot.
 */
export async function installClaude({ cacheFolder, npm, report }: Install): Promise<string> {
  const place = join(cacheFolder, `claude-${claudeVersion}`);
  const present = await findExecutable(place);
  if (present !== undefined) return present;

  report(`Installing Claude Code ${claudeVersion} from npm into ${place} (about 240 MB, once).`);
  await mkdir(cacheFolder, { recursive: true });
  const draft = await mkdtemp(join(cacheFolder, '.draft-'));
  try {
    await installInto(draft, npm);
    if ((await findExecutable(draft)) === undefined) {
      throw failed('npm brought no executable that runs on this system');
    }
    return await takePlace(draft, place);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function installInto(folder: string, npm: string): Promise<void> {
  // The binary lies in a package per platform; the install script only links it to another name.
  const how = ['--ignore-scripts', '--include=optional', '--no-save', '--no-audit', '--no-fund', '--no-global'];
  const patience = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  const args = [
    'install',
    '--prefix',
    folder,
    ...how,
    ...patience,
    '--loglevel=error',
    `${packageName}@${claudeVersion}`,
  ];
  try {
    await run(npm, args, { cwd: folder });
  } catch (error) {
    throw failed(reasonOf(error), error);
  }
}

/** Moves a good installation to its place, unless another run was faster; a bad one there makes way. */
async function takePlace(draft: string, place: string): Promise<string> {
  for (let turn = 0; turn < 3; turn += 1) {
    try {
      await rename(draft, place);
    } catch {
      const others = await findExecutable(place);
      if (others !== undefined) return others;
      // By a rename, since a folder that is removed piece by piece may be taken for a good one halfway.
      const replaced = `${draft}-replaced`;
      await rename(place, replaced).catch(() => undefined);
      await rm(replaced, { recursive: true, force: true });
      continue;
    }
    const executable = await findExecutable(place);
    if (executable !== undefined) return executable;
  }
  throw failed(`${place} cannot be written`);
}

/** The executable of an installation that proves by running that it is whole and of the right version. */
async function findExecutable(place: string): Promise<string | undefined> {
  const scope = join(place, 'node_modules/@anthropic-ai');
  const packages = await readdir(scope).catch(() => []);
  for (const name of packages.filter((each) => each.startsWith('claude-code-'))) {
    const executable = join(scope, name, 'claude');
    if (await isWhole(executable)) return executable;
  }
  return undefined;
}

async function isWhole(executable: string): Promise<boolean> {
  try {
    const { stdout } = await run(executable, ['--version'], { timeout: 30_000 });
    return stdout.startsWith(`${claudeVersion} `);
  } catch {
    return false;
  }
}

function failed(reason: string, cause?: unknown): Problem {
  return new Problem(
    'unavailable',
    `Claude Code ${claudeVersion} is not in the cache and could not be installed: ${reason}.`,
    {
      hint: 'Check the network, then try again.',
      cause,
    },
  );
}

/** The line of npm's output that says what went wrong, else why it did not start. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
  const lines = (stderr ?? '').split('\n').map((line) => line.replace(/^npm error\s*/, '').trim());
  const told =
    lines.find((line) => line !== '' && !/^(code|errno|syscall|npm warn) /.test(line)) ?? message.split('\n')[0] ?? '';
  return told.replace(/\.$/, '');
}
