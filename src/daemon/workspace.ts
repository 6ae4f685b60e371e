import { stat } from 'node:fs/promises';
import { secondMs, type EpochMs } from '../core/time.ts';
import type { Workspace } from '../supervisor/ports.ts';

const longestText = 4000;
const gitMs = 10_000;

/** Directories of jobs on this machine. */
export function localWorkspace(path: string): Workspace {
  return {
    async unwanted(directory, since) {
      const found = await stat(directory).catch(() => undefined);
      if (found?.isDirectory() !== true) return `its directory ${directory} is gone`;
      return since === null ? null : mergedSince({ directory, path }, since);
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

const defaultBranches = ['origin/HEAD', 'main', 'master'];

/** One whose branch has commits of this time, all of them in the default branch, and nothing that is not committed. */
async function mergedSince(place: { directory: string; path: string }, since: EpochMs): Promise<string | null> {
  const [branch, committed, status] = await Promise.all([
    git(place, 'symbolic-ref', '--short', 'HEAD'),
    git(place, 'log', '-1', '--format=%ct', 'HEAD'),
    git(place, 'status', '--short'),
  ]);
  if (branch === null || defaultBranches.includes(branch) || status !== '') return null;
  if (committed === null || Number(committed) * secondMs < since) return null;
  for (const into of defaultBranches) {
    const merged = await git(place, 'merge-base', '--is-ancestor', 'HEAD', into);
    if (merged !== null) return `its branch ${branch} is merged into ${into}`;
  }
  return null;
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
