import { describe, expect, test } from 'bun:test';
import { openOperations } from '../../test/operation-rig.ts';

async function open() {
  const rig = await openOperations();
  await rig.add('a', 'b', 'c');
  await rig.run('account.add', { provider: 'openai', label: 'o', secret: 'sk-test-0123456789abcdef' });
  await rig.run('pool.create', { pool: 'own', accounts: ['a', 'b'] });
  await rig.run('pool.create', { pool: 'other', accounts: ['c'] });
  const members = async (pool: string): Promise<string[]> =>
    ((await rig.run('pool.show', { pool })) as { accounts: string[] }).accounts.map((each) => each.split('/')[1] ?? '');
  return Object.assign(rig, { members });
}

describe('pool.add', () => {
  test('puts accounts behind those that are there, each once', async () => {
    await using rig = await open();
    await rig.run('pool.add', { pool: 'own', accounts: ['c', 'A', 'c'] });
    expect(await rig.members('own')).toEqual(['a', 'b', 'c']);
    await rig.run('pool.add', { pool: 'anthropic', accounts: ['a'] });
    expect(await rig.members('anthropic')).toEqual(['a', 'b', 'c']);
  });

  test.each([
    [{ accounts: [] }, 'invalid', 'A pool needs at least one account.'],
    [{ accounts: ['o'] }, 'invalid', 'Pool own is of anthropic, these accounts are of openai.'],
    [{ accounts: ['nobody'] }, 'not_found', 'There is no account "nobody".'],
    [{ pool: 'none', accounts: ['a'] }, 'not_found', 'There is no pool "none".'],
  ])('refuses %j', async (input, code, message) => {
    await using rig = await open();
    await expect(rig.run('pool.add', { pool: 'own', ...input })).rejects.toMatchObject({ code, message });
    expect(await rig.members('own')).toEqual(['a', 'b']);
  });
});

describe('pool.drop', () => {
  test('takes an account out, unpins it, and the account stays', async () => {
    await using rig = await open();
    await rig.run('pool.use', { pool: 'own', account: 'a' });
    expect(await rig.run('pool.drop', { pool: 'own', account: 'a' })).toMatchObject({
      accounts: ['anthropic/b'],
      pinned: null,
      next: [{ account: 'anthropic/b' }],
    });
    expect(await rig.run('account.show', { account: 'a' })).toMatchObject({ state: 'open' });
  });

  test.each([
    [
      { pool: 'own', account: 'c' },
      'conflict',
      'Account anthropic/c is not in pool own.',
      'It has: anthropic/a, anthropic/b',
    ],
    [
      { pool: 'other', account: 'c' },
      'conflict',
      'anthropic/c is the only account of pool other.',
      'stint pool remove other',
    ],
    [
      { pool: 'anthropic', account: 'c' },
      'invalid',
      'Pool anthropic holds all accounts of its provider, and anthropic/c is one.',
      'stint account disable anthropic/c',
    ],
  ])('refuses %j and says what to do', async (...[input, code, message, hint]) => {
    await using rig = await open();
    await expect(rig.run('pool.drop', input)).rejects.toMatchObject({
      code,
      message,
      hint: expect.stringContaining(hint) as string,
    });
    expect([await rig.members('own'), await rig.members('other')]).toEqual([['a', 'b'], ['c']]);
  });
});

describe('pool.move', () => {
  test('moves an account with its limits to another pool, and acts on the next request', async () => {
    await using rig = await open();
    expect(await rig.run('pool.move', { account: 'a', from: 'own', to: 'other' })).toMatchObject({
      account: 'anthropic/a',
      from: { accounts: ['anthropic/b'], next: [{ account: 'anthropic/b' }] },
      to: { accounts: ['anthropic/c', 'anthropic/a'], next: [{ account: 'anthropic/c' }] },
    });
  });

  test('may leave a pool empty, which says so', async () => {
    await using rig = await open();
    await rig.run('pool.move', { account: 'c', from: 'other', to: 'own' });
    expect(await rig.run('pool.explain', { pool: 'other' })).toMatchObject({
      kind: 'none',
      account: null,
      sentence: 'Nobody in pool other would serve a request. It has no accounts.',
    });
  });

  test.each([
    [{ account: 'a', from: 'own', to: 'own' }, 'invalid'],
    [{ account: 'c', from: 'own', to: 'other' }, 'conflict'],
    [{ account: 'a', from: 'anthropic', to: 'other' }, 'invalid'],
    [{ account: 'a', from: 'own', to: 'openai' }, 'invalid'],
    [{ account: 'a', from: 'own' }, 'invalid'],
  ])('refuses %j', async (input, code) => {
    await using rig = await open();
    await expect(rig.run('pool.move', input)).rejects.toMatchObject({ code });
    expect([await rig.members('own'), await rig.members('other')]).toEqual([['a', 'b'], ['c']]);
  });
});

describe('pool.rename', () => {
  test('gives a pool another name, under which it goes on', async () => {
    await using rig = await open();
    await rig.run('pool.set', { pool: 'own', strategy: 'priority', holdSeconds: 30 });
    expect(await rig.run('pool.rename', { pool: 'own', name: ' Fast Lane ' })).toMatchObject({
      warning: '" Fast Lane " is called fast-lane: names have a to z, 0 to 9 and -, at most 40 of them.',
      ...{ name: 'fast-lane', renamed: 'own', strategy: 'priority', holdSeconds: 30 },
      accounts: ['anthropic/a', 'anthropic/b'],
    });
    await expect(rig.run('pool.show', { pool: 'own' })).rejects.toMatchObject({ code: 'not_found' });
    expect(await rig.run('pool.rename', { pool: 'Fast-Lane', name: 'fast-lane' })).toMatchObject({ warning: null });
  });

  test.each([
    [
      { pool: 'anthropic', name: 'x' },
      'invalid',
      'Pool anthropic is the default pool of its provider and keeps its name.',
    ],
    [{ pool: 'own', name: 'other' }, 'conflict', 'Pool other exists.'],
    [{ pool: 'own', name: 'google' }, 'conflict', 'Pool google exists.'],
    [
      { pool: 'own', name: '../..' },
      'invalid',
      '"../.." makes no pool name: take letters from a to z, digits, spaces, dots, dashes and underscores.',
    ],
  ])('refuses %j', async (input, code, message) => {
    await using rig = await open();
    await expect(rig.run('pool.rename', input)).rejects.toMatchObject({ code, message });
  });
});

describe('pool.set', () => {
  test('changes what is given and nothing else: absent is not empty', async () => {
    await using rig = await open();
    const settings = { strategy: 'round-robin', overage: 'last', holdSeconds: 12, probe: true, accounts: ['b', 'a'] };
    await rig.run('pool.set', { pool: 'own', ...settings });
    await rig.run('pool.set-auth-reset', { pool: 'own', target: 'openai-codex' });
    const expected = {
      ...settings,
      accounts: ['anthropic/b', 'anthropic/a'],
      authResetTarget: 'openai-codex',
    };
    expect(await rig.run('pool.set', { pool: 'own' })).toMatchObject(expected);
    expect(await rig.run('pool.set', { pool: 'own', holdSeconds: 0 })).toMatchObject({ ...expected, holdSeconds: 0 });
    expect(await rig.run('pool.set', { pool: 'own', defaultHold: true })).toMatchObject({
      ...expected,
      holdSeconds: null,
    });
    for (const wrong of [
      { holdSeconds: 3601 },
      { holdSeconds: -1 },
      { holdSeconds: 1.5 },
      { holdSeconds: 5, defaultHold: true },
    ])
      await expect(rig.run('pool.set', { pool: 'own', ...wrong })).rejects.toMatchObject({ code: 'invalid' });
    await expect(rig.run('pool.set', { pool: 'own', authResetTarget: 'x' })).rejects.toMatchObject({ code: 'invalid' });
  });
});
