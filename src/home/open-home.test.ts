import { describe, expect, test } from 'bun:test';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { homeAt, openHome } from './open-home.ts';

const isRoot = process.getuid?.() === 0;
const chooseAnother = 'Choose another home: STINT_HOME=<folder>';

describe('the names of a home', () => {
  test('are different files within an absolute folder', () => {
    const { folder, ...files } = homeAt('some/home');
    expect(folder).toBe(join(process.cwd(), 'some/home'));
    const paths = Object.values(files);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.filter((path) => !path.startsWith(`${folder}/`))).toEqual([]);
  });

  test('touch nothing on the disk', () => {
    using folder = temporaryFolder();
    homeAt(join(folder.path, 'home'));
    expect(existsSync(join(folder.path, 'home'))).toBe(false);
  });
});

describe('opening a home', () => {
  test('makes it with its log folder, for its owner only', async () => {
    using folder = temporaryFolder();
    const home = await openHome(join(folder.path, 'deep', 'home'));
    expect(modeOf(home.folder)).toBe(0o700);
    expect(modeOf(home.logs)).toBe(0o700);
  });

  test('closes one that others can enter, and keeps what is in it', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    mkdirSync(home.logs, { mode: 0o755 });
    writeFileSync(home.config, '# mine');
    for (const path of [home.folder, home.logs]) chmodSync(path, 0o777);
    await openHome(folder.path);
    expect(modeOf(home.folder)).toBe(0o700);
    expect(modeOf(home.logs)).toBe(0o700);
    expect(existsSync(home.config)).toBe(true);
  });

  test('follows the link that its owner made', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'real'));
    symlinkSync('real', join(folder.path, 'home'));
    await openHome(join(folder.path, 'home'));
    expect(modeOf(join(folder.path, 'real'))).toBe(0o700);
  });

  const misuses: [string, (folder: string) => string, string][] = [
    ['a file', (folder) => fileAt(join(folder, 'home')), 'it is not a directory'],
    [
      'a path below a file',
      (folder) => join(fileAt(join(folder, 'file')), 'home'),
      'a part of the path is not a directory',
    ],
    ['a folder of another user', foreignFolder, 'it belongs to another user'],
  ];
  test.each(misuses)('is refused for %s in one sentence', async (_, make, reason) => {
    using folder = temporaryFolder();
    const path = make(folder.path);
    const before = statSync(dirname(path), { throwIfNoEntry: false })?.mode;
    await expect(openHome(path)).rejects.toMatchObject({
      name: 'Problem',
      code: 'unavailable',
      message: `${path} cannot be used as Stint’s home: ${reason}.`,
      hint: chooseAnother,
    });
    expect(statSync(dirname(path), { throwIfNoEntry: false })?.mode).toBe(before);
  });

  test('is refused when its log folder is a file', async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'logs'), '');
    await expect(openHome(folder.path)).rejects.toThrow(
      `${folder.path}/logs cannot be used as Stint’s home: it is not a directory.`,
    );
  });

  // No permission stops root.
  test.skipIf(isRoot)('is refused where nothing may be made', async () => {
    using folder = temporaryFolder();
    chmodSync(folder.path, 0o500);
    const path = join(folder.path, 'home');
    await expect(openHome(path)).rejects.toMatchObject({
      message: `${path} cannot be used as Stint’s home: permission denied.`,
      hint: chooseAnother,
    });
    chmodSync(folder.path, 0o700);
  });
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function fileAt(path: string): string {
  writeFileSync(path, '');
  return path;
}

/** Only root can give a folder away; for everybody else the root of the file system is foreign. */
function foreignFolder(folder: string): string {
  if (!isRoot) return '/';
  const path = join(folder, 'foreign');
  mkdirSync(path);
  chownSync(path, 54_321, 54_321);
  return path;
}
