import { describe, expect, test } from 'bun:test';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { readDaemonFile, writeDaemonFile, type DaemonFile } from './daemon-file.ts';
import { homeAt } from './open-home.ts';

const daemon: DaemonFile = {
  pid: 4711,
  version: '1.2.3',
  protocol: 1,
  startedAt: Date.UTC(2026, 10, 21),
  controlPort: 4600,
  agentPort: 4610,
  controlUrl: 'http://127.0.0.1:4600',
  agentUrl: 'http://127.0.0.1:4610',
  controlSocket: '/tmp/control.sock',
};

describe('the daemon file', () => {
  test('is read as it was written, the last one counts, and others cannot read it', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    await writeDaemonFile(home, { ...daemon, agentPort: 1 });
    await writeDaemonFile(home, daemon);
    expect(await readDaemonFile(home)).toEqual(daemon);
    expect(statSync(home.daemon).mode & 0o777).toBe(0o600);
  });

  test('is undefined before a daemon was ready', async () => {
    using folder = temporaryFolder();
    expect(await readDaemonFile(homeAt(folder.path))).toBeUndefined();
  });

  const damages: [string, string][] = [
    ['empty', ''],
    ['cut off', JSON.stringify(daemon).slice(0, 40)],
    ['a list', '[]'],
    ['without a port', JSON.stringify({ ...daemon, controlPort: undefined })],
    ['with a port in words', JSON.stringify({ ...daemon, agentPort: 'any' })],
  ];
  test.each(damages)('that is %s is refused in one sentence', async (_, text) => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    writeFileSync(home.daemon, text);
    await expect(readDaemonFile(home)).rejects.toMatchObject({
      name: 'Problem',
      code: 'unavailable',
      message: `${home.daemon} is damaged.`,
      hint: `End the daemon with: kill $(cat '${home.pid}'), and start it again`,
    });
  });

  test('that is a directory is refused in one sentence', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    mkdirSync(home.daemon);
    await expect(readDaemonFile(home)).rejects.toMatchObject({
      name: 'Problem',
      message: `${home.daemon} cannot be read: it is a directory.`,
    });
  });

  test('that cannot be written is a problem in words', async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'home'), '');
    const home = homeAt(join(folder.path, 'home'));
    await expect(writeDaemonFile(home, daemon)).rejects.toMatchObject({
      name: 'Problem',
      message: `${home.daemon} cannot be written: a part of the path is not a directory.`,
    });
  });
});
