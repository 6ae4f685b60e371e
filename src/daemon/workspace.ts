import { stat } from 'node:fs/promises';
import type { Workspace } from '../supervisor/ports.ts';

const longestText = 4000;
const gitMs = 10_000;

/** Directories of jobs on this machine. */
export function localWorkspace(path: string): Workspace {
  return {
    async unwanted(directory) {
      const found = await stat(directory).catch(() => undefined);
      return found?.isDirectory() === true ? null : `its directory ${directory} is gone`;
    },
    async describe(directory) {
      const [branch, status, log] = await Promise.all([
        git({ directory, path }, 'rev-parse', '--abbrev-ref', 'HEAD'),
        git({ directory, path }, 'status', '--short'),
        git({ directory, path }, 'log', '--oneline', '-10'),
      ]);
      if (branch === null) return 'The directory is no git repository.';
      return [
        `The git state is: branch ${branch}.`,
        status === null || status === '' ? 'Nothing is uncommitted.' : `Uncommitted:\n${status}`,
        ...(log === null ? [] : [`The last commits:\n${log}`]),
      ].join('\n');
    },
  };
}

/** What a git command prints; null where it fails. */
async function git(
  { directory, path }: { directory: string; path: string },
  ...args: string[]
): Promise<string | null> {
  try {
    const child = Bun.spawn(['git', '-C', directory, ...args], {
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'ignore', timeout: gitMs },
      env: { PATH: path, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' },
    });
    const text = await new Response(child.stdout).text();
    return (await child.exited) === 0 ? text.trim().slice(0, longestText) : null;
  } catch {
    return null;
  }
}
