import { expect, test } from 'bun:test';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { createFileAtomic, readPrivateFile, writeFileAtomic } from './atomic-file.ts';

test('a write replaces the content, is readable by its owner only and leaves nothing else in the folder', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'secret');
  writeFileSync(path, 'old', { mode: 0o644 });
  await writeFileAtomic(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(['secret']);
});

test('a write that cannot be finished leaves the target and no draft', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'secret', 'below-a-file');
  writeFileSync(join(folder.path, 'secret'), 'kept');
  expect(writeFileAtomic(path, 'new')).rejects.toThrow();
  expect(readdirSync(folder.path)).toEqual(['secret']);
});

test('of many that create one file at once exactly one wins, and its content stays', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'key');
  const contents = Array.from({ length: 20 }, (_, index) => `content ${index}`);
  const won = await Promise.all(contents.map((content) => createFileAtomic(path, content)));
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(readFileSync(path, 'utf8')).toBe(contents[won.indexOf(true)] ?? '');
  expect(readdirSync(folder.path)).toEqual(['key']);
});

test('a process that is killed while it writes leaves the old content or the new one, whole', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'file');
  const program = `
    import { writeFileAtomic } from ${JSON.stringify(join(import.meta.dir, 'atomic-file.ts'))};
    for (let round = 0; ; round += 1) {
      await writeFileAtomic(${JSON.stringify(path)}, String(round % 10).repeat(100_000));
      if (round === 3) console.log('writing');
    }`;
  for (let round = 0; round < 5; round += 1) {
    await using child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe' });
    await child.stdout.getReader().read();
    child.kill('SIGKILL');
    await child.exited;
    expect(readFileSync(path, 'utf8')).toMatch(/^(\d)\1{99999}$/);
  }
});

test('a private file that others may read is closed to them', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'secret');
  writeFileSync(path, 'text');
  chmodSync(path, 0o664);
  expect(await readPrivateFile(path)).toBe('text');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a private file that is only linked keeps its mode', async () => {
  using folder = temporaryFolder();
  const kept = join(folder.path, 'kept');
  writeFileSync(kept, 'text');
  chmodSync(kept, 0o644);
  symlinkSync(kept, join(folder.path, 'secret'));
  expect(await readPrivateFile(join(folder.path, 'secret'))).toBe('text');
  expect(statSync(kept).mode & 0o777).toBe(0o644);
});

test('a write can give another mode, whatever the umask takes away', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'shared');
  await writeFileAtomic(path, 'text', 0o666);
  expect(statSync(path).mode & 0o777).toBe(0o666);
});

test('a private file that does not exist reads as undefined', async () => {
  using folder = temporaryFolder();
  expect(await readPrivateFile(join(folder.path, 'none'))).toBeUndefined();
});

test('a folder in place of a private file is refused, and stays as it was', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'shared');
  mkdirSync(path);
  chmodSync(path, 0o755);
  await expect(readPrivateFile(path)).rejects.toMatchObject({ code: 'EISDIR' });
  expect(statSync(path).mode & 0o777).toBe(0o755);
});

// Only root can give a file away.
test.skipIf(process.getuid?.() !== 0)('a private file of another user is refused', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'secret');
  writeFileSync(path, 'text');
  chownSync(path, 12_345, 12_345);
  expect(readPrivateFile(path)).rejects.toThrow('belongs to another user');
});
