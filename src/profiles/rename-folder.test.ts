import { describe, expect, test } from 'bun:test';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { beginRename, settleRenamed } from './rename-folder.ts';

function open() {
  const folder = temporaryFolder();
  const root = join(folder.path, 'sessions');
  mkdirSync(join(root, 'old'), { recursive: true });
  writeFileSync(join(root, 'old/talk.jsonl'), 'hello');
  return { root, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const read = (root: string, pool: string): string => readFileSync(join(root, pool, 'talk.jsonl'), 'utf8');

describe('the conversations of a pool that is renamed', () => {
  test('are found by the old name until it is settled, and by the new one alone then', async () => {
    using place = open();
    const { root } = place;
    await beginRename(root, 'old', 'new');
    expect(read(root, 'old')).toBe('hello');
    await settleRenamed(root, ['new', 'other']);
    expect([read(root, 'new'), readdirSync(root)]).toEqual(['hello', ['new']]);
  });

  test('are where they were when the pool was not renamed after all', async () => {
    using place = open();
    const { root } = place;
    await beginRename(root, 'old', 'new');
    await settleRenamed(root, ['old']);
    expect([read(root, 'old'), readdirSync(root)]).toEqual(['hello', ['old']]);
    expect(lstatSync(join(root, 'old')).isSymbolicLink()).toBe(false);
  });

  test.each([
    ['old', 'old'],
    ['new', 'new'],
  ])('are found after a crash between the two steps, whatever came first: pool %s', async (pool, name) => {
    using place = open();
    const { root } = place;
    renameSync(join(root, 'old'), join(root, 'old.renamed-to.new'));
    await settleRenamed(root, [pool]);
    expect([read(root, name), readdirSync(root)]).toEqual(['hello', [name]]);
  });

  test('take the place of an empty folder that was made meanwhile, and never of one with something in it', async () => {
    using place = open();
    const { root } = place;
    await beginRename(root, 'old', 'new');
    mkdirSync(join(root, 'new'));
    await settleRenamed(root, ['new']);
    expect(read(root, 'new')).toBe('hello');
    await beginRename(root, 'new', 'third');
    mkdirSync(join(root, 'third'));
    writeFileSync(join(root, 'third/other.jsonl'), 'x');
    await settleRenamed(root, ['third']);
    expect(readdirSync(root).toSorted()).toEqual(['new.renamed-to.third', 'third']);
  });

  test('may be none at all', async () => {
    using place = open();
    await beginRename(place.root, 'nobody', 'new');
    await settleRenamed(join(place.root, 'nowhere'), []);
    expect(existsSync(join(place.root, 'nobody'))).toBe(false);
  });
});
