import { describe, expect, test } from 'bun:test';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { prepareControlSocket } from './control-socket.ts';
import { homeAt } from './open-home.ts';

const isRoot = process.getuid?.() === 0;
const longName = 'ö'.repeat(50);

describe('the control socket', () => {
  test('is in the home, without the one of a daemon before', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    writeFileSync(join(folder.path, 'control.sock'), 'stale');
    const path = await prepareControlSocket(home, '/nowhere');
    expect(path).toBe(join(folder.path, 'control.sock'));
    expect(existsSync(path)).toBe(false);
  });

  test('never takes the place of a folder', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'control.sock');
    mkdirSync(path);
    await expect(prepareControlSocket(homeAt(folder.path), '/nowhere')).rejects.toMatchObject({
      name: 'Problem',
      message: `${path} cannot be removed: it is a directory.`,
    });
  });

  test('of a home with a long path is in a closed folder of its own in the temporary folder, where it works', async () => {
    using folder = temporaryFolder();
    const home = homeAt(join(folder.path, longName));
    const path = await prepareControlSocket(home, folder.path);
    expect(dirname(dirname(path))).toBe(folder.path);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
    const server = Bun.serve({ unix: path, fetch: () => new Response('reached') });
    const answer = await fetch('http://localhost/', { unix: path });
    expect(await answer.text()).toBe('reached');
    await server.stop(true);
  });

  test('of a home with a long path stays in its place, and another home has another one', async () => {
    using folder = temporaryFolder();
    const home = homeAt(join(folder.path, longName));
    const path = await prepareControlSocket(home, folder.path);
    writeFileSync(path, 'stale');
    chmodSync(dirname(path), 0o755);
    expect(await prepareControlSocket(home, folder.path)).toBe(path);
    expect(existsSync(path)).toBe(false);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(await prepareControlSocket(homeAt(join(folder.path, `${longName}2`)), folder.path)).not.toBe(path);
  });

  test('is in /tmp when the path of the temporary folder is too long as well', async () => {
    using folder = temporaryFolder();
    const home = homeAt(join(folder.path, longName));
    const path = await prepareControlSocket(home, join(folder.path, longName));
    const { mode } = statSync(dirname(path));
    rmSync(dirname(path), { recursive: true });
    expect(path).toMatch(/^\/tmp\/stint-[0-9a-f]{16}\/control\.sock$/);
    expect(mode & 0o777).toBe(0o700);
  });

  const traps: [string, (place: string, folder: string) => void][] = [
    ['a link to a folder', (place, folder) => symlinkSync(victim(folder), place)],
    ['a link to nothing', (place) => symlinkSync('/nowhere/at/all', place)],
    ['a file', (place) => writeFileSync(place, '')],
  ];
  test.each(traps)('is refused where its folder is %s, which stays as it is', async (_, lay) => {
    using folder = temporaryFolder();
    const home = homeAt(join(folder.path, longName));
    const place = dirname(await prepareControlSocket(home, folder.path));
    rmSync(place, { recursive: true });
    lay(place, folder.path);
    await expect(prepareControlSocket(home, folder.path)).rejects.toMatchObject({
      name: 'Problem',
      code: 'unavailable',
      message: `${place} cannot hold the control socket: it is not a directory.`,
      hint: 'Choose a home with a shorter path: STINT_HOME=<folder>',
    });
    expectUntouched(join(folder.path, 'victim'));
  });

  // Only root can give a folder away.
  test.skipIf(!isRoot)('is refused where its folder belongs to another user', async () => {
    using folder = temporaryFolder();
    const home = homeAt(join(folder.path, longName));
    const place = dirname(await prepareControlSocket(home, folder.path));
    chownSync(place, 54_321, 54_321);
    await expect(prepareControlSocket(home, folder.path)).rejects.toThrow(
      `${place} cannot hold the control socket: it belongs to another user.`,
    );
  });
});

function victim(folder: string): string {
  const path = join(folder, 'victim');
  mkdirSync(path, { mode: 0o755 });
  writeFileSync(join(path, 'control.sock'), 'theirs');
  return path;
}

function expectUntouched(path: string): void {
  if (!existsSync(path)) return;
  expect(statSync(path).mode & 0o777).toBe(0o755);
  expect(readFileSync(join(path, 'control.sock'), 'utf8')).toBe('theirs');
}
