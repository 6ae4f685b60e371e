import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { openLog } from './log.ts';

type Line = Readonly<Record<string, unknown>>;

function linesOf(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

describe('the log', () => {
  test('has one line of JSON for each event once it is closed', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.log');
    const log = openLog({ path, level: 'info' });
    log.info('started', { pid: 7, nothing: null });
    log.warning('account needs a new credential', { account: 'anthropic/a' });
    log.info('two\nlines', { text: 'a\nb "quoted" {braces} 🏁' });
    await log.close();
    expect(linesOf(path)).toMatchObject([
      { level: 'INFO', message: 'started', pid: 7, nothing: null },
      { level: 'WARN', message: 'account needs a new credential', account: 'anthropic/a' },
      { level: 'INFO', message: 'two\nlines', text: 'a\nb "quoted" {braces} 🏁' },
    ]);
    for (const line of linesOf(path)) expect(Date.parse(String(line['@timestamp']))).toBeGreaterThan(0);
  });

  test('has a bug with its stack, whatever was thrown', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.log');
    const log = openLog({ path, level: 'error' });
    log.bug(new TypeError('a bug'));
    log.bug('thrown as a text');
    await log.close();
    const [bug, text] = linesOf(path);
    expect(bug).toMatchObject({ level: 'ERROR', message: 'bug' });
    expect(String(bug?.['stack'])).toMatch(/TypeError: a bug[^]*log\.test\.ts/);
    expect(text).toMatchObject({ stack: 'thrown as a text' });
  });

  test('has nothing below its level', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.log');
    const log = openLog({ path, level: 'warning' });
    log.info('small talk');
    log.warning('important');
    await log.close();
    expect(linesOf(path)).toMatchObject([{ message: 'important' }]);
  });

  test('has what a new level asks for, from then on', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.log');
    const log = openLog({ path, level: 'warning' });
    log.info('before');
    log.setLevel('info');
    log.info('after');
    await log.close();
    expect(linesOf(path)).toMatchObject([{ message: 'after' }]);
  });

  test('goes on where it ended', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.log');
    for (const message of ['first', 'second']) {
      const log = openLog({ path, level: 'info' });
      log.info(message);
      await log.close();
    }
    expect(linesOf(path)).toMatchObject([{ message: 'first' }, { message: 'second' }]);
  });

  test('cannot be in the place of a folder', () => {
    using folder = temporaryFolder();
    expect(() => openLog({ path: folder.path, level: 'info' })).toThrow(
      `${folder.path} cannot be written: it is a directory.`,
    );
  });

  test('loses no line while it is rotated, and keeps at most five files', async () => {
    using folder = temporaryFolder();
    const log = openLog({ path: join(folder.path, 'stint.log'), level: 'info' });
    const text = 'x'.repeat(256 * 1024);
    for (let count = 0; count < 40; count += 1) log.info('event', { count, text });
    await log.close();
    const files = readdirSync(folder.path);
    const counts = files.flatMap((file) => linesOf(join(folder.path, file)).map((line) => Number(line['count'])));
    expect(files.length).toBeGreaterThan(1);
    expect(files.length).toBeLessThanOrEqual(5);
    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });
});
