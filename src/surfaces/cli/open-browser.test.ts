import { expect, test } from 'bun:test';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../../test/temp-folder.ts';
import type { Cli } from './cli.ts';
import { openInBrowser } from './open-browser.ts';

const url = 'http://127.0.0.1:4600/login?once=test-0123&to="x"';
const tool = process.platform === 'darwin' ? 'open' : 'xdg-open';

test('a link that logs in is in no argument list, but in a file of the user’s alone', async () => {
  using folder = temporaryFolder();
  const bin = join(folder.path, 'bin');
  const said = join(folder.path, 'said');
  mkdirSync(bin);
  Bun.spawnSync(['mkfifo', said]);
  writeFileSync(join(bin, tool), `#!/bin/sh\necho "$@" > '${said}'\n`, { mode: 0o755 });
  await openInBrowser(on(`${bin}:/usr/bin:/bin`), folder.path, url);
  const page = (await Bun.file(said).text()).trim();
  expect(page).toStartWith(folder.path);
  expect(statSync(page).mode & 0o077).toBe(0);
  expect(readFileSync(page, 'utf8')).toContain('content="0;url=http://127.0.0.1:4600/login?once=test-0123&amp;to=');
  expect(readFileSync(page, 'utf8')).not.toContain('to="x"');
});

test('where nothing opens a browser the next step is to do it oneself', async () => {
  using folder = temporaryFolder();
  await expect(openInBrowser(on('/nowhere'), folder.path, url)).rejects.toMatchObject({
    code: 'unavailable',
    hint: 'Open the link yourself: stint dashboard',
  });
});

function on(path: string): Pick<Cli, 'host'> {
  return { host: { userEnvironment: { PATH: path } } as unknown as Cli['host'] };
}
