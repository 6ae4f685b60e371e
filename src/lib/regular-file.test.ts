import { expect, test } from 'bun:test';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { describeFileError } from './atomic-file.ts';
import { readRegularFile } from './regular-file.ts';

test.each(['', 'text', 'ä🏁'.repeat(50_000)])('a regular file is read whole, by a link too', async (text) => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'file');
  writeFileSync(path, text);
  symlinkSync(path, join(folder.path, 'link'));
  expect(await readRegularFile(path)).toBe(text);
  expect(await readRegularFile(join(folder.path, 'link'))).toBe(text);
});

test.skipIf(process.platform !== 'linux')('a file that says that it is empty is read whole', async () => {
  expect(await readRegularFile('/proc/self/status')).toContain('VmPeak');
});

test('a FIFO that nobody writes to is refused at once', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'pipe');
  Bun.spawnSync(['mkfifo', path]);
  expect(await refusalOf(path)).toBe('it is no regular file');
  symlinkSync(path, join(folder.path, 'link'));
  expect(await refusalOf(join(folder.path, 'link'))).toBe('it is no regular file');
});

test('a device and a directory are refused', async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'directory'));
  expect(await refusalOf('/dev/zero')).toBe('it is no regular file');
  expect(await refusalOf(join(folder.path, 'directory'))).toBe('it is a directory');
});

test('a file is read up to 1 MiB, and refused beyond', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'file');
  writeFileSync(path, '');
  truncateSync(path, 1024 * 1024);
  expect((await readRegularFile(path)).length).toBe(1024 * 1024);
  truncateSync(path, 1024 * 1024 + 1);
  expect(await refusalOf(path)).toBe('it is too long');
  expect((await readRegularFile(path, 2 * 1024 * 1024)).length).toBe(1024 * 1024 + 1);
});

async function refusalOf(path: string): Promise<string> {
  return readRegularFile(path).then(() => 'it was read', describeFileError);
}
