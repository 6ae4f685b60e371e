import type { Account } from './account.ts';

/** What to do about an account whose credential is refused: a command where there is one. */
export function mendOf({ provider, label, credential, profile }: Omit<Account, 'standing'>): string {
  if (profile !== null) return `Log in with its own CLI in ${profile}`;
  // Kinds of credentials that are renewed have this ending, whatever their provider calls them besides.
  if (/(^|-)login$/.test(credential)) return `stint account adopt ${provider} ${label} --replace --from <directory>`;
  return `stint account add ${provider} ${label} --replace`;
}
