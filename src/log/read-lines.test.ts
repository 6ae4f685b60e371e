import { describe, expect, test } from 'bun:test';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { readLines } from './read-lines.ts';

function fileWith(text: string) {
  const folder = temporaryFolder();
  const path = join(folder.path, 'stint.log');
  writeFileSync(path, text);
  return { path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

describe('the last lines of a file', () => {
  test.each([
    ['a\nb\nc\n', 2, ['b', 'c'], 6],
    ['a\nb\nc\n', 9, ['a', 'b', 'c'], 6],
    ['', 9, [], 0],
    ['\n\n', 9, [], 2],
    ['a\n\nb\n', 9, ['a', 'b'], 5],
    ['half a line', 9, [], 0],
    ['a\nhalf', 9, ['a'], 2],
    ['ä🏁\n', 9, ['ä🏁'], 7],
  ])('%j, at most %d: %j up to byte %d', async (...[text, lines, expected, cursor]) => {
    using file = fileWith(text);
    expect(await readLines(file.path, { cursor: null, lines })).toEqual({ lines: expected, cursor });
  });

  test('that is missing are none', async () => {
    using folder = temporaryFolder();
    expect(await readLines(join(folder.path, 'none'), { cursor: null, lines: 9 })).toEqual({ lines: [], cursor: 0 });
  });

  test('of more than 4 MiB begin with a whole line', async () => {
    const line = 'x'.repeat(99_999);
    using file = fileWith(`${line}\n`.repeat(60));
    const { lines, cursor } = await readLines(file.path, { cursor: null, lines: 10_000 });
    expect(lines.length).toBe(41);
    expect(new Set(lines)).toEqual(new Set([line]));
    expect(cursor).toBe(6_000_000);
  });

  test('that cannot be read is an error', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'stint.log'));
    await expect(readLines(join(folder.path, 'stint.log'), { cursor: null, lines: 9 })).rejects.toThrow();
  });
});

describe('the lines since a cursor', () => {
  test('are those that came since, each once, and a half one when it is whole', async () => {
    using file = fileWith('a\n');
    const first = await readLines(file.path, { cursor: null, lines: 9 });
    appendFileSync(file.path, 'b\nhal');
    const second = await readLines(file.path, { cursor: first.cursor, lines: 9 });
    appendFileSync(file.path, 'f\n');
    const third = await readLines(file.path, { cursor: second.cursor, lines: 9 });
    const fourth = await readLines(file.path, { cursor: third.cursor, lines: 9 });
    expect([first, second, third, fourth].map((each) => each.lines)).toEqual([['a'], ['b'], ['half'], []]);
  });

  test('are no more than were asked for, and the next call goes on after them', async () => {
    using file = fileWith('\n\nä\nb\n\nc\nd\n');
    const seen: string[] = [];
    for (let cursor = 0; ;) {
      const next = await readLines(file.path, { cursor, lines: 2 });
      if (next.lines.length === 0) break;
      expect(next.lines.length).toBeLessThanOrEqual(2);
      seen.push(...next.lines);
      cursor = next.cursor;
    }
    expect(seen).toEqual(['ä', 'b', 'c', 'd']);
  });

  test('are counted in bytes of the file, also where these are no text', async () => {
    using file = fileWith('');
    writeFileSync(file.path, Buffer.from([0xff, 0xfe, 10, 0x61, 10]));
    const { cursor } = await readLines(file.path, { cursor: 0, lines: 1 });
    expect(await readLines(file.path, { cursor, lines: 1 })).toEqual({ lines: ['a'], cursor: 5 });
  });

  test('go on behind one that is too long to be read', async () => {
    using file = fileWith(`${'x'.repeat(5 * 1024 * 1024)}\nnext\n`);
    const seen: string[] = [];
    for (let cursor = 0, turn = 0; turn < 3; turn += 1) {
      const { lines, ...more } = await readLines(file.path, { cursor, lines: 10 });
      seen.push(...lines);
      cursor = more.cursor;
    }
    expect(seen.at(-1)).toBe('next');
  });

  test('of a file that was rotated are read from its start', async () => {
    using file = fileWith('old 1\nold 2\nold 3\n');
    const { cursor } = await readLines(file.path, { cursor: null, lines: 9 });
    writeFileSync(file.path, 'new\n');
    expect(await readLines(file.path, { cursor, lines: 9 })).toEqual({ lines: ['new'], cursor: 4 });
  });

  test('are got in full from a backlog of more than 4 MiB', async () => {
    const line = 'x'.repeat(99_999);
    using file = fileWith(`${line}\n`.repeat(60));
    const first = await readLines(file.path, { cursor: 0, lines: 10_000 });
    const second = await readLines(file.path, { cursor: first.cursor, lines: 10_000 });
    expect(first.lines.length + second.lines.length).toBe(60);
  });
});
