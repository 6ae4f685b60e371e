import { Problem } from '../problem.ts';

const form = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * The auth-reset target of a pool as it may be kept and given to a command, empty for none. Throws a Problem for any
 * other: the one place where that is decided. Without the text itself, which may be anything.
 */
export function requireResetTarget(text: string): string {
  if (text === '' || form.test(text)) return text;
  throw new Problem(
    'invalid',
    'An auth-reset target is up to 64 letters, digits, dots, dashes and underscores, and begins with a letter or a digit.',
    { hint: 'For example: stint pool set-auth-reset work anthropic; an empty target clears it.' },
  );
}
