import { Problem } from '../core/problem.ts';

type Trouble = { readonly says: string; readonly hint: string };

const full: Trouble = { says: 'The disk is full', hint: 'Make room on the disk of Stint’s home, then try again.' };
const readOnly: Trouble = {
  says: 'The disk cannot be written to',
  hint: 'Make the disk of Stint’s home writable, then try again.',
};
const failing: Trouble = { says: 'The disk has failed', hint: 'See what is wrong with: stint doctor' };

/** By the primary code of SQLite, and that of a system call. https://sqlite.org/rescode.html */
const troubles: Readonly<Record<string, Trouble>> = {
  ...{ SQLITE_FULL: full, ENOSPC: full, EDQUOT: full },
  ...{ SQLITE_READONLY: readOnly, SQLITE_CANTOPEN: readOnly, EROFS: readOnly },
  ...{ SQLITE_IOERR: failing, EIO: failing },
};

/** What an error of the disk is for people; undefined for any other, which is a bug or a problem already. */
export function diskProblem(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || error instanceof Problem || !('code' in error)) return undefined;
  // An extended code has more words: SQLITE_IOERR_WRITE.
  const primary = /^(SQLITE_[A-Z]+|E[A-Z]+)/.exec(String(error.code))?.[0] ?? '';
  const trouble = Object.hasOwn(troubles, primary) ? troubles[primary] : undefined;
  if (trouble === undefined) return undefined;
  return new Problem('unavailable', `${trouble.says}: nothing was changed.`, { hint: trouble.hint, cause: error });
}
