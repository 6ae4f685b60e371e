// A process that renews the login of account `a` and is killed at a point of that; run by src/book/credentials-crash.test.ts.
import { join } from 'node:path';
import { Credentials } from '../src/book/credentials.ts';
import { providers } from '../src/providers/registry.ts';
import { openVault } from '../src/vault/open-vault.ts';
import { openBook } from './book-rig.ts';
import { captured, idOf } from './builders.ts';

/** Where the process dies: each is the moment just before or after the step that it names. */
export type CrashPoint = 'before-request' | 'before-write' | 'after-write' | 'never';

if (import.meta.main) {
  const [folder = '', point] = process.argv.slice(2);
  const dieAt = (here: CrashPoint): void => {
    if (here === point) process.kill(process.pid, 'SIGKILL');
  };
  await using opened = await openBook({ path: join(folder, 'stint.db'), now: captured });
  const vault = await openVault(join(folder, 'vault.json'));
  const credentials = new Credentials({
    book: opened.book,
    providers,
    random: () => 0,
    tell: () => undefined,
    secrets: {
      read: (account) => vault.read(account),
      swap: async (...write) => {
        dieAt('before-write');
        const done = await vault.swap(...write);
        dieAt('after-write');
        return done;
      },
    },
    fetch: (url, init) => {
      dieAt('before-request');
      return fetch(url, init);
    },
  });
  const { account } = opened.book.account(idOf('a'));
  const credential = await credentials.current(account);
  console.log(
    JSON.stringify({ secret: credential?.secret, standing: opened.book.account(idOf('a')).account.standing }),
  );
}
