import { describe, expect, test } from 'bun:test';
import { lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openProfiles } from '../../test/profile-rig.ts';

/** A pool `anthropic` of `a` that shares, and a directory with a login and a conversation that belongs to nobody yet. */
async function open() {
  const rig = await openProfiles('claude', ['a'], '');
  const { folder } = rig.operations;
  const login = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(join(path, 'projects/-x'), { recursive: true });
    writeFileSync(join(path, `projects/-x/${name}.jsonl`), '{}\n');
    writeFileSync(join(path, '.credentials.json'), '{"claudeAiOauth":{"accessToken":"sk-ant-oat01-test-0"}}');
    return path;
  };
  return {
    run: (name: string, input: object) => rig.operations.run(name, input),
    folder,
    login,
    profile: (label: string) => rig.profile(label),
    shares: (path: string) => lstatSync(join(path, 'projects')).isSymbolicLink(),
    conversations: (path: string) => readdirSync(join(path, 'projects/-x')).toSorted(),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

const mine = { provider: 'anthropic', label: 'mine' };

describe('a pool that shares its conversations', () => {
  test.each(['account.check', 'account.add'])('takes in no new account unasked: %s', async (operation) => {
    await using rig = await open();
    const profile = rig.login('mine');
    await expect(rig.run(operation, { ...mine, profile })).rejects.toMatchObject({
      code: 'conflict',
      message: 'Pool anthropic shares its conversations, and anthropic/mine would share them too.',
      hint: expect.stringContaining('--share-sessions') as string,
    });
    expect(rig.shares(profile)).toBe(false);
    expect(rig.conversations(profile)).toEqual(['mine.jsonl']);
    await expect(rig.run('account.show', { account: 'anthropic/mine' })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('takes one in when that is said', async () => {
    await using rig = await open();
    const profile = rig.login('mine');
    await rig.run('account.add', { ...mine, profile, shareSessions: true });
    expect(rig.shares(profile)).toBe(true);
    expect(rig.conversations(rig.profile('a'))).toEqual(['mine.jsonl']);
  });

  test('takes in another directory of an account only when that is said, and lets go of the old one', async () => {
    await using rig = await open();
    const profile = rig.login('other');
    const replaced = { provider: 'anthropic', label: 'a', replace: true };
    await rig.run('account.add', { ...replaced, profile: rig.profile('a') });
    await expect(rig.run('account.add', { ...replaced, profile })).rejects.toMatchObject({ code: 'conflict' });
    expect([rig.shares(rig.profile('a')), rig.shares(profile)]).toEqual([true, false]);
    await rig.run('account.add', { ...replaced, profile, shareSessions: true });
    expect([rig.shares(rig.profile('a')), rig.shares(profile)]).toEqual([false, true]);
  });

  test('takes in another member only when that is said', async () => {
    await using rig = await open();
    await rig.run('pool.set', { pool: 'anthropic', shareSessions: false });
    await rig.run('account.add', { ...mine, profile: rig.login('mine') });
    await rig.run('pool.create', { pool: 'work', accounts: ['a'] });
    await rig.run('pool.set', { pool: 'work', shareSessions: true });
    const accounts = ['a', 'mine'];
    await expect(rig.run('pool.set', { pool: 'work', accounts })).rejects.toMatchObject({ code: 'conflict' });
    await rig.run('pool.set', { pool: 'work', accounts, shareSessions: true });
    expect(rig.conversations(rig.profile('a'))).toEqual(['mine.jsonl']);
    await rig.run('pool.set', { pool: 'work', accounts: ['mine', 'a'] });
  });
});

test('a new pool has no conversation of an old one of its name', async () => {
  await using rig = await open();
  await rig.run('pool.set', { pool: 'anthropic', shareSessions: false });
  const profile = rig.login('mine');
  await rig.run('account.add', { ...mine, profile });
  for (const label of ['mine', 'a']) {
    await rig.run('pool.create', { pool: 'work', accounts: [label] });
    await rig.run('pool.set', { pool: 'work', shareSessions: true });
    await rig.run('pool.remove', { pool: 'work' });
  }
  expect(rig.conversations(profile)).toEqual(['mine.jsonl']);
  expect(readdirSync(join(rig.profile('a'), 'projects'))).toEqual([]);
});

test('a directory by another name is still that of its account', async () => {
  await using rig = await open();
  const profile = join(rig.folder, 'link');
  symlinkSync(rig.profile('a'), profile);
  await expect(rig.run('account.add', { ...mine, profile })).rejects.toMatchObject({
    message: 'Account anthropic/a uses this directory.',
  });
});
