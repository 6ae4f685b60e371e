import { describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captured } from '../../test/builders.ts';
import { openProfiles } from '../../test/profile-rig.ts';

/** A pool `own` of the profiles `a` and `b` that share; `a` has brought a conversation. */
async function open() {
  const rig = await openProfiles('claude', ['a', 'b'], '');
  const { folder } = rig.operations;
  const run = (name: string, input: object): Promise<unknown> => rig.operations.run(name, input);
  await run('pool.set', { pool: 'anthropic', shareSessions: false });
  mkdirSync(join(rig.profile('a'), 'projects/-x'), { recursive: true });
  writeFileSync(join(rig.profile('a'), 'projects/-x/talk.jsonl'), '{}\n');
  await run('pool.create', { pool: 'own', accounts: ['a', 'b'] });
  await run('pool.set', { pool: 'own', shareSessions: true });
  return {
    run,
    talks: (label: string) => readdirSync(join(rig.profile(label), 'projects/-x')),
    folderOf: (label: string) => readlinkSync(join(rig.profile(label), 'projects')).slice(folder.length + 1),
    pools: () => readdirSync(join(folder, 'sessions')).toSorted(),
    state: (label: string) => rig.state(label),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

const report = { session: 'talk', pool: 'own', sentAt: captured + 1000, served: true };

describe('a pool of profiles that share their conversations', () => {
  test('has them under another name, too', async () => {
    await using rig = await open();
    await rig.run('pool.rename', { pool: 'own', name: 'other' });
    expect([rig.talks('a'), rig.talks('b')]).toEqual([['talk.jsonl'], ['talk.jsonl']]);
    expect(rig.folderOf('b')).toBe('sessions/other/projects');
    expect(rig.pools().filter((name) => !name.includes('.ended'))).toEqual(['other']);
    await rig.run('pool.rename', { pool: 'other', name: 'own' });
    expect([rig.folderOf('a'), rig.talks('a')]).toEqual(['sessions/own/projects', ['talk.jsonl']]);
  });

  test('keeps them to itself when an account moves to another pool', async () => {
    await using rig = await open();
    await rig.run('pool.create', { pool: 'plain', accounts: ['b'] });
    await rig.run('pool.move', { account: 'a', from: 'own', to: 'plain' });
    // It keeps a copy of what it could resume up to then.
    expect([rig.talks('a'), rig.talks('b')]).toEqual([['talk.jsonl'], ['talk.jsonl']]);
    await expect(rig.run('pool.move', { account: 'a', from: 'plain', to: 'own' })).rejects.toMatchObject({
      code: 'conflict',
      message: 'Pool own shares its conversations, and anthropic/a would share them too.',
    });
    await expect(rig.run('pool.add', { pool: 'own', accounts: ['a'] })).rejects.toMatchObject({ code: 'conflict' });
    await rig.run('pool.move', { account: 'a', from: 'plain', to: 'own', shareSessions: true });
    expect(rig.folderOf('a')).toBe('sessions/own/projects');
  });

  test('gives an account to another pool that shares only when it leaves this one', async () => {
    await using rig = await open();
    await rig.run('pool.create', { pool: 'second', accounts: ['b'] });
    await expect(rig.run('pool.set', { pool: 'second', shareSessions: true })).rejects.toMatchObject({
      message: 'Account anthropic/b shares its conversations in pool own already.',
    });
    await rig.run('pool.drop', { pool: 'own', account: 'b' });
    await rig.run('pool.set', { pool: 'second', shareSessions: true });
    await expect(rig.run('pool.add', { pool: 'second', accounts: ['a'], shareSessions: true })).rejects.toMatchObject({
      message: 'Account anthropic/a shares its conversations in pool own already.',
    });
    await rig.run('pool.create', { pool: 'third', accounts: ['b'] });
    await rig.run('pool.add', { pool: 'own', accounts: ['b'], shareSessions: true }).catch(() => undefined);
    expect(rig.folderOf('b')).toBe('sessions/second/projects');
    await rig.run('pool.add', { pool: 'own', accounts: ['a'] });
  });
});

describe('an agent that runs while its pool and its account are renamed', () => {
  test('goes on under the names that it knows', async () => {
    await using rig = await open();
    await rig.run('session.report', { account: 'anthropic/a', ...report });
    await rig.run('pool.rename', { pool: 'own', name: 'other' });
    await rig.run('account.rename', { account: 'a', label: 'z' });
    const closed = {
      kind: 'closed',
      window: 'five_hour',
      family: null,
      overage: false,
      until: null,
      evidence: 'limit',
    };
    expect(
      await rig.run('session.report', { account: 'anthropic/a', ...report, served: false, signal: closed }),
    ).toEqual({
      account: 'anthropic/z',
    });
    expect(await rig.state('z')).toMatchObject({ state: 'closed' });
    const wish = { agent: 'claude', pool: 'own', session: 'talk', resumes: true, from: 'anthropic/a' };
    expect(await rig.run('session.begin', wish)).toMatchObject({ pool: 'other', account: 'anthropic/b', moved: true });
  });
});
