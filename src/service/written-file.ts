import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../core/problem.ts';
import { hasCode, writeFileAtomic } from '../lib/atomic-file.ts';
import { shellWord } from '../lib/shell-word.ts';

/** Stands in every file of ours: another's is never replaced. */
export const marker = 'Written by `stint service install`; `stint service remove` takes it away.';

export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

type Wanted = { readonly text: string; readonly home: string; readonly homeOf: (text: string) => string | null };

/** Throws a Problem where the file is somebody else's, or runs another home. */
function refuseOther(path: string, before: string | null, { home, homeOf }: Omit<Wanted, 'text'>): void {
  if (before === null) return;
  if (!before.includes(marker)) {
    throw new Problem('conflict', `${path} is not of Stint.`, { hint: 'Move it away first.' });
  }
  refuseOtherHome(before, { home, homeOf }, 'Remove it first');
}

function refuseOtherHome(text: string, { home, homeOf }: Omit<Wanted, 'text'>, verb: string): void {
  const other = homeOf(text);
  if (other === null || other === home) return;
  throw new Problem('conflict', `The service runs the home ${other}.`, {
    hint: `${verb} with: stint --home ${shellWord(other)} service remove`,
  });
}

/** Whether there is a file of ours to remove. Throws a Problem where it runs another home. */
export async function isRemovable(path: string, wanted: Omit<Wanted, 'text'>): Promise<boolean> {
  const text = await readText(path);
  if (text === null || !text.includes(marker)) return false;
  refuseOtherHome(text, wanted, 'Remove that one');
  return true;
}

/**
 * Writes the file where it is not so already, then has it act; puts back what was there when that fails. Returns
 * whether it was changed.
 */
export async function writeService(path: string, wanted: Wanted, act: () => Promise<void>): Promise<boolean> {
  const before = await readText(path);
  refuseOther(path, before, wanted);
  const changed = before !== wanted.text;
  if (changed) {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, wanted.text);
  }
  try {
    await act();
  } catch (error) {
    if (before === null) await rm(path, { force: true });
    else if (changed) await writeFileAtomic(path, before);
    throw error;
  }
  return changed;
}
