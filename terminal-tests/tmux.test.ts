import { beforeAll, expect, test } from 'bun:test';
import { openTmux } from '../src/processes/tmux.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import { describeTransport } from '../test/transport-suite.ts';
import { requireTmux } from './require-tmux.ts';

beforeAll(requireTmux, 300_000);
describeTransport('tmux');

test('without tmux nothing is started, and it is said how to install it; of its sessions nothing is known', async () => {
  using folder = temporaryFolder();
  const tmux = openTmux(folder.path, '/nowhere');
  const refused: unknown = await tmux.run(['new-session', '-d']).catch((error: unknown) => error);
  expect(refused).toMatchObject({ message: 'tmux is not on the PATH.', hint: expect.stringContaining('apt-get') });
  expect(await tmux.sessions()).toEqual({ kind: 'unknown' });
});

test('where no server runs there are no sessions, which is known', async () => {
  using folder = temporaryFolder();
  const tmux = openTmux(folder.path, process.env['PATH'] ?? '');
  expect(await tmux.sessions()).toEqual({ kind: 'known', pids: new Map() });
});
