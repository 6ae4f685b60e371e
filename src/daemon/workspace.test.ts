import { expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../test/run-command.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { secondMs } from '../core/time.ts';
import { localWorkspace } from './workspace.ts';

const workspace = localWorkspace(process.env['PATH'] ?? '');
const before = (Math.floor(Date.now() / secondMs) - 60) * secondMs;

test('work is wanted until its directory is gone, or its branch is merged in its time', async () => {
  using folder = temporaryFolder();
  const directory = join(folder.path, 'work');
  expect(await workspace.unwanted(directory, null)).toBe(`its directory ${directory} is gone`);
  mkdirSync(directory);
  expect(await workspace.unwanted(directory, before)).toBeNull();

  const git = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await runCommand(['git', '-c', 'user.name=t', '-c', 'user.email=t@test', ...args], {
      cwd: directory,
    });
    if (code !== 0) throw new Error(stderr);
  };
  await git('init', '-q', '-b', 'main');
  await git('commit', '-q', '--allow-empty', '-m', 'one');
  expect(await workspace.unwanted(directory, before)).toBeNull();
  await git('checkout', '-q', '-b', 'topic');
  // A branch that has just begun is in the default one as well.
  expect(await workspace.unwanted(directory, Date.now() + secondMs)).toBeNull();
  await git('commit', '-q', '--allow-empty', '-m', 'two');
  expect(await workspace.unwanted(directory, before)).toBeNull();
  await git('branch', '-f', 'main', 'topic');
  expect(await workspace.unwanted(directory, before)).toBe('its branch topic is merged into main');
  expect(await workspace.unwanted(directory, null)).toBeNull();
  writeFileSync(join(directory, 'left'), '');
  expect(await workspace.unwanted(directory, before)).toBeNull();
});

test('what is left is told: the branch, what is not committed and the last commits', async () => {
  using folder = temporaryFolder();
  expect(await workspace.describe(folder.path)).toBe('The directory is no git repository.');
});
