import { describe, expect, test } from 'bun:test';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { claudeProfile } from '../agents/claude/profile.ts';
import { geminiProfile } from '../agents/gemini/profile.ts';
import { arrangeTranscripts, putAside } from './transcripts.ts';

type Files = Readonly<Record<string, string>>;

function open(files: Files, transcripts = claudeProfile.transcripts) {
  const folder = temporaryFolder();
  const at = (path: string): string => join(folder.path, path);
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  const filesIn = (path: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(at(path), { recursive: true, withFileTypes: true })
        .filter((each) => each.isFile())
        .map((each) => join(each.parentPath, each.name))
        .toSorted()
        .map((file) => [file.slice(at(path).length + 1), readFileSync(file, 'utf8')]),
    );
  return {
    at,
    write,
    filesIn,
    arrange: (profile: string, pool: string | null) =>
      arrangeTranscripts({ transcripts, profile: at(profile), root: at('shared'), pool }),
    isLink: (path: string) => lstatSync(at(path)).isSymbolicLink(),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const both: Files = {
  'a/projects/-x/1.jsonl': 'one\n',
  'b/projects/-x/2.jsonl': 'two\n',
  'b/projects/-y/3.jsonl': 'three\n',
};
const all: Files = { '-x/1.jsonl': 'one\n', '-x/2.jsonl': 'two\n', '-y/3.jsonl': 'three\n' };

describe('sharing on', () => {
  test('brings together what the profiles had', async () => {
    using rig = open(both);
    await rig.arrange('a', 'work');
    await rig.arrange('b', 'work');
    expect(rig.filesIn('a/projects')).toEqual(all);
    expect(rig.filesIn('b/projects')).toEqual(all);
    rig.write('a/projects/-x/1.jsonl', 'one\nmore\n');
    expect(rig.filesIn('b/projects')['-x/1.jsonl']).toBe('one\nmore\n');
  });

  test('twice changes nothing', async () => {
    using rig = open(both);
    await rig.arrange('a', 'work');
    await rig.arrange('a', 'work');
    expect(rig.filesIn('shared/work/projects')).toEqual({ '-x/1.jsonl': 'one\n' });
  });

  test('gives a profile without conversations those of the pool', async () => {
    using rig = open({ 'a/projects/-x/1.jsonl': 'one\n' });
    await rig.arrange('a', 'work');
    await rig.arrange('new', 'work');
    expect(rig.filesIn('new/projects')).toEqual({ '-x/1.jsonl': 'one\n' });
  });

  test.each([
    ['one\n', 'one\ntwo\n', { '-x/1.jsonl': 'one\ntwo\n' }],
    ['one\ntwo\n', 'one\n', { '-x/1.jsonl': 'one\ntwo\n' }],
    ['same\n', 'same\n', { '-x/1.jsonl': 'same\n' }],
    ['one\na\n', 'one\nb\n', { '-x/1.jsonl': 'one\na\n', '-x/1.of-b.jsonl': 'one\nb\n' }],
  ])('of %j and %j loses nothing', async (first, second, expected) => {
    using rig = open({ 'a/projects/-x/1.jsonl': first, 'b/projects/-x/1.jsonl': second });
    await rig.arrange('a', 'work');
    await rig.arrange('b', 'work');
    expect(rig.filesIn('shared/work/projects')).toEqual(expected);
  });

  test('leaves a link alone that somebody else has made', async () => {
    using rig = open({ 'mine/1.jsonl': 'one\n', 'a/settings.json': '{}' });
    symlinkSync(rig.at('mine'), rig.at('a/projects'));
    await rig.arrange('a', 'work');
    await rig.arrange('a', null);
    expect(rig.filesIn('a/projects')).toEqual({ '1.jsonl': 'one\n' });
    expect(rig.isLink('a/projects')).toBe(true);
  });
});

describe('sharing off', () => {
  test('leaves each profile what it could resume, and tells the others nothing new', async () => {
    using rig = open(both);
    await rig.arrange('a', 'work');
    await rig.arrange('b', 'work');
    await rig.arrange('a', null);
    await rig.arrange('b', null);
    expect(rig.isLink('a/projects')).toBe(false);
    expect(rig.filesIn('a/projects')).toEqual(all);
    expect(rig.filesIn('b/projects')).toEqual(all);
    rig.write('a/projects/-x/4.jsonl', 'secret\n');
    expect(rig.filesIn('b/projects')).toEqual(all);
  });

  test('and on again goes on with the longer copy of each conversation', async () => {
    using rig = open(both);
    for (const pool of ['work', null]) for (const profile of ['a', 'b']) await rig.arrange(profile, pool);
    rig.write('b/projects/-x/1.jsonl', 'one\nmore\n');
    for (const profile of ['a', 'b']) await rig.arrange(profile, 'work');
    expect(rig.filesIn('a/projects')).toEqual({ ...all, '-x/1.jsonl': 'one\nmore\n' });
  });

  test('lets go of a folder that is gone', async () => {
    using rig = open({ 'a/settings.json': '{}' });
    await rig.arrange('a', 'work');
    rmSync(rig.at('shared'), { recursive: true });
    await rig.arrange('a', null);
    expect(rig.filesIn('a')).toEqual({ 'settings.json': '{}' });
  });

  test('does nothing to a profile that never shared', async () => {
    using rig = open({ 'a/projects/-x/1.jsonl': 'one\n' });
    await rig.arrange('a', null);
    expect(rig.filesIn('a')).toEqual({ 'projects/-x/1.jsonl': 'one\n' });
  });
});

describe('what a crash has left', () => {
  test.each([null, 'work'])('of a copy that was whole is the profile’s own, with sharing for %p', async (pool) => {
    using rig = open({ 'a/projects.separate/-x/1.jsonl': 'one\n' });
    await rig.arrange('a', pool);
    expect(rig.filesIn('a/projects')).toEqual({ '-x/1.jsonl': 'one\n' });
    expect(existsSync(rig.at('a/projects.separate'))).toBe(false);
  });

  test('joins what the CLI has begun meanwhile', async () => {
    using rig = open({ 'a/projects.separate/-x/1.jsonl': 'one\n', 'a/projects/-x/2.jsonl': 'two\n' });
    await rig.arrange('a', null);
    expect(rig.filesIn('a')).toEqual({ 'projects/-x/1.jsonl': 'one\n', 'projects/-x/2.jsonl': 'two\n' });
  });

  test('of a copy that had only begun goes to no other pool', async () => {
    using rig = open({ 'a/projects/-x/1.jsonl': 'one\n' });
    await rig.arrange('a', 'work');
    rig.write('a/projects.separate/-x/1.jsonl', 'on');
    await rig.arrange('a', 'private');
    expect(rig.filesIn('a/projects')).toEqual({});
    expect(rig.filesIn('shared')).toEqual({ 'work/projects/-x/1.jsonl': 'one\n' });
  });
});

test('what cannot be read is neither deleted nor overwritten', async () => {
  using rig = open({ 'shared/work/projects/-x/1.jsonl': 'theirs\n', 'a/projects/-x/2.jsonl': 'two\n' });
  symlinkSync('1.jsonl', rig.at('a/projects/-x/1.jsonl'));
  await rig.arrange('a', 'work');
  expect(rig.filesIn('shared/work/projects')).toEqual({ '-x/1.jsonl': 'theirs\n', '-x/2.jsonl': 'two\n' });
  expect(rig.isLink('shared/work/projects/-x/1.of-a.jsonl')).toBe(true);
});

test('a pool that shares no longer leaves nothing to a later one of its name', async () => {
  using rig = open(both);
  await rig.arrange('a', 'work');
  await rig.arrange('b', 'private');
  for (let time = 0; time < 2; time += 1) {
    await rig.arrange('a', null);
    await putAside(rig.at('shared'), ['private']);
    expect(existsSync(rig.at('shared/work'))).toBe(false);
    await rig.arrange('a', 'work');
  }
  expect(readdirSync(rig.at('shared')).toSorted()).toEqual(['private', 'work', 'work.ended-1', 'work.ended-2']);
  expect(rig.filesIn('shared/work.ended-1/projects')).toEqual({ '-x/1.jsonl': 'one\n' });
});

test('a profile that goes from one pool to another takes no conversation along', async () => {
  using rig = open(both);
  await rig.arrange('a', 'work');
  await rig.arrange('b', 'private');
  await rig.arrange('a', 'private');
  expect(rig.filesIn('shared/work/projects')).toEqual({ '-x/1.jsonl': 'one\n' });
  expect(rig.filesIn('a/projects')).toEqual({ '-x/2.jsonl': 'two\n', '-y/3.jsonl': 'three\n' });
});

test('a project of Gemini CLI is known by its mark, not by the name of its folder', async () => {
  const files = {
    'a/.gemini/tmp/app/.project_root': '/home/me/app\n',
    'a/.gemini/tmp/app/chats/session-1.jsonl': 'one\n',
    'b/.gemini/tmp/app/.project_root': '/home/me/other/app\n',
    'b/.gemini/tmp/app/chats/session-2.jsonl': 'two\n',
    'b/.gemini/tmp/app-1/.project_root': '/home/me/app',
    'b/.gemini/tmp/app-1/chats/session-3.jsonl': 'three\n',
  };
  using rig = open(files, geminiProfile.transcripts);
  await rig.arrange('a', 'work');
  await rig.arrange('b', 'work');
  const chats = Object.entries(rig.filesIn('b/.gemini/tmp')).filter(([path]) => path.includes('chats'));
  const roots = Object.entries(rig.filesIn('b/.gemini/tmp')).filter(([path]) => path.endsWith('.project_root'));
  const rootOf = (path: string): string | undefined =>
    roots.find(([root]) => path.startsWith(`${dirname(root)}/`))?.[1].trim();
  expect(Object.fromEntries(chats.map(([path, text]) => [text.trim(), rootOf(path)]))).toEqual({
    one: '/home/me/app',
    two: '/home/me/other/app',
    three: '/home/me/app',
  });
});
