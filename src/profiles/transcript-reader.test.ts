import { describe, expect, test } from 'bun:test';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { claudeProfile } from '../agents/claude/profile.ts';
import { codexProfile } from '../agents/codex/profile.ts';
import type { ProfileMode } from '../agents/profile.ts';
import { TranscriptReader } from './transcript-reader.ts';

const [first, second] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;

async function open(mode: ProfileMode, session: string | null, files: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder();
  const at = (path: string): string => join(folder.path, path);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    appendFileSync(at(path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  const lines: string[] = [];
  const watched = { transcripts: mode.transcripts, profile: folder.path, cwd: '/work', session };
  const reader = await TranscriptReader.open(watched, (line) => void lines.push(line));
  const read = async (): Promise<string[]> => {
    await reader.drain();
    return lines.splice(0);
  };
  return { reader, write, read, at, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const fileOf = (session: string): string => `projects/-work/${session}.jsonl`;

describe('the transcript of a conversation', () => {
  test('tells what is added, a whole line at a time', async () => {
    using rig = await open(claudeProfile, first);
    expect(rig.reader.found).toBe(false);
    rig.write(fileOf(first), 'one\ntw');
    expect(await rig.read()).toEqual(['one']);
    rig.write(fileOf(first), 'o – ä\nthree\n');
    expect(await rig.read()).toEqual(['two – ä', 'three']);
    expect(await rig.read()).toEqual([]);
    expect(rig.reader.found).toBe(true);
  });

  test('says nothing of what was there before', async () => {
    using rig = await open(claudeProfile, first, { [fileOf(first)]: 'old\n', [fileOf(second)]: 'old\n' });
    rig.write(fileOf(first), 'new\n');
    expect(await rig.read()).toEqual(['new']);
    rig.reader.follow(second);
    rig.write(fileOf(second), 'newer\n');
    expect(await rig.read()).toEqual([]);
    rig.write(fileOf(second), 'newest\n');
    expect(await rig.read()).toEqual(['newest']);
  });

  test('goes on where it was left', async () => {
    using rig = await open(claudeProfile, first);
    rig.write(fileOf(first), 'one\n');
    await rig.read();
    rig.reader.follow(second);
    rig.write(fileOf(second), 'other\n');
    expect(await rig.read()).toEqual(['other']);
    rig.reader.follow(first);
    rig.write(fileOf(first), 'two\n');
    expect(await rig.read()).toEqual(['two']);
  });
});

describe('a conversation that chooses its own id', () => {
  const rollout = (session: string, cwd = '/work', source: unknown = 'exec'): [string, string] => [
    `sessions/2026/11/21/rollout-2026-11-21T11-26-11-${session}.jsonl`,
    `${JSON.stringify({ type: 'session_meta', payload: { id: session, cwd, source } })}\n`,
  ];

  test('is the one that began in this folder', async () => {
    using rig = await open(codexProfile, null, Object.fromEntries([rollout('old')]));
    rig.write(...rollout('elsewhere', '/other'));
    rig.write(...rollout('helper', '/work', { subagent: 'review' }));
    rig.write(...rollout(first));
    expect(await rig.read()).toHaveLength(1);
    expect(rig.reader.session).toBe(first);
  });

  test('is not guessed when two began at once', async () => {
    using rig = await open(codexProfile, null);
    rig.write(...rollout(first));
    rig.write(...rollout(second));
    expect(await rig.read()).toEqual([]);
    expect(rig.reader.session).toBeNull();
  });
});

test('Claude Code says itself which conversation it works on', async () => {
  using rig = await open(claudeProfile, first);
  mkdirSync(rig.at('sessions'));
  writeFileSync(rig.at('sessions/4711.json'), JSON.stringify({ pid: 4711, sessionId: second, cwd: '/work' }));
  expect(await claudeProfile.transcripts.current(rig.at('.'), 4711)).toBe(second);
  expect(await claudeProfile.transcripts.current(rig.at('.'), 4712)).toBeNull();
});
