import { profileCredential, type Account } from '../account/account.ts';

/**
 * How a pool's accounts are used: through the gateway, or as logins of the genuine CLI. A pool that has both is one of
 * the gateway, and its profiles stand by.
 */
export type Mode = 'gateway' | 'profile';

export function modeOf(accounts: Iterable<Account>): Mode {
  for (const { credential } of accounts) if (credential !== profileCredential) return 'gateway';
  return 'profile';
}

export function suitsMode({ credential }: Account, mode: Mode): boolean {
  return (credential === profileCredential) === (mode === 'profile');
}
