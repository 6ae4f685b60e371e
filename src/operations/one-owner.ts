import type { AccountId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';

/** Refuses a login that an account has: each would spend the refresh token that the other needs. */
export function heldAlready(id: AccountId): Problem {
  return new Problem('conflict', `Account ${id} has this login already.`, {
    hint: `Use that account, or log in as somebody else; to give it up: stint account remove ${id}`,
  });
}

/** Says that a login which takes the place of another is somebody else’s. */
export function otherOwnerWarning(id: AccountId): string {
  return `This login is of another account at the provider than the one that ${id} had.`;
}
