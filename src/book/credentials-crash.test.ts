// That one process at a time renews the logins of a home is shown in src/home/claim-home.test.ts.
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBook } from '../../test/book-rig.ts';
import { buildAccount, captured, idOf } from '../../test/builders.ts';
import type { CrashPoint } from '../../test/renewal-crash.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { startAnthropicSimulator } from '../simulator/anthropic/simulator.ts';
import { openVault } from '../vault/open-vault.ts';
import { addAccount } from './roster.ts';

const access = 'sk-ant-oat01-test-access';
const refreshToken = 'sk-ant-ort01-test-refresh';
const renewed = { secret: `${access}-1`, standing: 'enabled' };
const lost = { secret: access, standing: 'needs-login' };

test.each<[CrashPoint, string, object]>([
  ['before-request', 'leaves the old refresh token unused, and the next process renews', renewed],
  ['after-write', 'leaves the new login in the vault, and the next process has it without a request', renewed],
  // The one gap that nobody can close: the provider has spent the token, and its reply is only in memory.
  ['before-write', 'loses a single-use login, which says so', lost],
])('a kill %s %s', async (point, _, after) => {
  using folder = temporaryFolder();
  const simulator = startAnthropicSimulator({
    scenario: { credentials: [{ name: 'a', secret: access, login: { refreshToken } }] },
  });
  try {
    await fillHome(folder.path, simulator.url);
    expect(await renewIn(folder.path, point)).toEqual({ killed: true, told: '' });
    const next = await renewIn(folder.path, 'never');
    expect(JSON.parse(next.told)).toEqual(after);
    expect(simulator.state()[0]?.refreshes).toBe(1);
  } finally {
    simulator.stop();
  }
});

/** The clock of the child stands still, so that what is renewed for eight hours is good. */
async function fillHome(path: string, baseUrl: string): Promise<void> {
  await using opened = await openBook({ path: join(path, 'stint.db'), now: captured });
  const vault = await openVault(join(path, 'vault.json'));
  const login = { accessToken: access, refreshToken, expiresAt: captured - 1, scopes: [] };
  await vault.write(idOf('a'), JSON.stringify(login));
  await addAccount(opened.book, buildAccount('a', { credential: 'login', baseUrl }));
}

async function renewIn(path: string, point: CrashPoint): Promise<{ killed: boolean; told: string }> {
  const script = join(import.meta.dir, '../../test/renewal-crash.ts');
  const child = Bun.spawn([process.execPath, script, path, point], { stdout: 'pipe', stderr: 'inherit' });
  const told = await new Response(child.stdout).text();
  await child.exited;
  return { killed: child.signalCode === 'SIGKILL', told };
}
