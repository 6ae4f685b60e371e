import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { temporaryFolder } from './temp-folder.ts';

const leaking = `
  import { test } from 'bun:test';
  import { mkdtempSync } from 'node:fs';
  import { createServer } from 'node:http';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';

  test('leaves a folder', () => { mkdtempSync(join(tmpdir(), 'left-')); });
  test('leaves a child', () => { Bun.spawn(['sleep', '5'], { stderr: 'ignore' }); });
  test('leaves a server', () => { Bun.serve({ port: 0, fetch: () => new Response() }); });
  test('leaves a node server', () => new Promise((listening) => createServer().listen(0, '127.0.0.1', listening)));
  test('leaves a socket', () => { Bun.serve({ unix: join(tmpdir(), 'left.sock'), fetch: () => new Response() }); });
  test('leaves nothing', () => {
    Bun.spawn(['sleep', '5'], { stderr: 'ignore' }).kill();
    Bun.serve({ port: 0, fetch: () => new Response() }).stop(true);
  });
`;

test.skipIf(process.platform !== 'linux')(
  'a test that leaves something behind fails and says what',
  async () => {
    using folder = temporaryFolder();
    await Bun.write(join(folder.path, 'bunfig.toml'), `[test]\npreload = ["${join(import.meta.dir, 'setup.ts')}"]\n`);
    await Bun.write(join(folder.path, 'leaking.test.ts'), leaking);

    const { stderr: output } = await runCommand([process.execPath, 'test'], { cwd: folder.path });

    expect(output).toContain('(pass) leaves nothing');
    for (const what of ['a folder', 'a child', 'a server', 'a node server', 'a socket']) {
      expect(output).toContain(`(fail) leaves ${what}`);
    }
    expect(output).toMatch(/The test left behind: temporary file left-\w+\./);
    expect(output).toMatch(/The test left behind: child process \d+ \(sleep 5\)\./);
    expect(output.match(/The test left behind: listening socket on TCP port \d+\./g)).toHaveLength(2);
    expect(output).toMatch(/left\.sock/);
  },
  20_000,
);
