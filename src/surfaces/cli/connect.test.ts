import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryFolder } from '../../../test/temp-folder.ts';
import { protocol } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import { connect } from './connect.ts';

const hint = 'Restart it: stint down && stint up --detach';

/** A command line of version 2.0.0 whose daemon says so much of itself. */
function cliFor(daemon: { readonly version: string; readonly protocol: number; readonly controlSocket: string }): Cli {
  const urls = { controlPort: 1, agentPort: 2, controlUrl: '', agentUrl: '' };
  const found = { kind: 'serving', pid: 1, ...urls, ...daemon } as const;
  const defaults = { home: '', controlPort: undefined, agentPort: undefined };
  // Sound because nothing else of it is looked at.
  return { host: { version: '2.0.0', defaults, findDaemon: () => Promise.resolve(found) } } as unknown as Cli;
}

const options = { home: '/home/me/.stint', json: false, start: false } as Parameters<typeof connect>[1];

test.each([
  ['1.9.0', 'The daemon is of version 1.9.0, and this is 2.0.0.'],
  ['2.0.0', 'The daemon is of another build of 2.0.0.'],
])('a daemon of %s that answers in another way is not asked', async (version, message) => {
  const cli = cliFor({ version, protocol: 0, controlSocket: '/nowhere' });
  expect(await connect(cli, options).catch((error: unknown) => error)).toMatchObject({
    ...{ code: 'conflict', message, hint },
  });
});

test('a daemon that does not know an operation is of another version, and what it does not find is not', async () => {
  using folder = temporaryFolder();
  const controlSocket = join(folder.path, 'socket');
  const answers: Readonly<Record<string, string>> = {
    '/api/pool.new': 'There is no POST /api/pool.new.',
    '/api/pool.show': 'There is no pool own.',
  };
  await using _ = Bun.serve({
    unix: controlSocket,
    fetch: ({ url }) =>
      Response.json({ code: 'not_found', detail: answers[new URL(url).pathname] ?? '' }, { status: 404 }),
  });
  const client = await connect(cliFor({ version: '1.9.0', protocol, controlSocket }), options);
  const asked = (name: string): Promise<unknown> => client.call(name, {}).catch((error: unknown) => error);
  expect(await asked('pool.new')).toMatchObject({ code: 'conflict', hint });
  expect(await asked('pool.show')).toMatchObject({ code: 'not_found', message: 'There is no pool own.' });
});
