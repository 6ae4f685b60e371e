import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Problem } from '../../core/problem.ts';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import type { Cli } from './cli.ts';

/** Opens a link that logs in, which no argument list may show: the browser is given a file of the user’s alone. */
export async function openInBrowser({ host }: Pick<Cli, 'host'>, home: string, url: string): Promise<void> {
  const tool = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const found = Bun.which(tool, { PATH: host.userEnvironment['PATH'] ?? '' });
  if (found === null) throw cannotOpen(`${tool} is not on the PATH.`);
  const page = join(home, 'open-dashboard.html');
  const target = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  await writeFileAtomic(page, `<!doctype html><meta http-equiv="refresh" content="0;url=${target}">\n`);
  await new Promise<void>((resolve, reject) => {
    const child = spawn(found, [page], { stdio: 'ignore', detached: true, env: host.userEnvironment });
    child.once('error', (error) => reject(cannotOpen(`${tool} could not be started: ${error.message}.`)));
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}

function cannotOpen(why: string): Problem {
  return new Problem('unavailable', `No browser was opened: ${why}`, {
    hint: 'Open the link yourself: stint dashboard',
  });
}
