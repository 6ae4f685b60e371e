import { describe, expect, test } from 'bun:test';
import { openOperations } from '../../test/operation-rig.ts';

async function withAccounts() {
  const rig = await openOperations();
  await rig.add('a', 'b', 'c');
  return rig;
}

describe('the default pool of a provider', () => {
  test('has all its accounts in the order in which they were added', async () => {
    await using rig = await withAccounts();
    expect(await rig.run('pool.list')).toMatchObject({
      pools: [
        {
          name: 'anthropic',
          accounts: ['anthropic/a', 'anthropic/b', 'anthropic/c'],
          strategy: 'sticky',
          overage: 'forbid',
        },
      ],
    });
  });

  test('takes another order, but only of all', async () => {
    await using rig = await withAccounts();
    expect(await rig.run('pool.set', { pool: 'anthropic', accounts: ['c', 'a', 'b'] })).toMatchObject({
      accounts: ['anthropic/c', 'anthropic/a', 'anthropic/b'],
    });
    await expect(rig.run('pool.set', { pool: 'anthropic', accounts: ['c', 'a'] })).rejects.toMatchObject({
      code: 'invalid',
      hint: expect.stringContaining('stint account disable') as string,
    });
    await expect(rig.run('pool.set', { pool: 'anthropic', accounts: ['c', 'c', 'a'] })).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  test('cannot be removed, nor made again', async () => {
    await using rig = await withAccounts();
    await expect(rig.run('pool.remove', { pool: 'anthropic' })).rejects.toMatchObject({
      code: 'invalid',
      message: 'Pool anthropic is the default pool of its provider and stays.',
    });
    await expect(rig.run('pool.create', { pool: 'Anthropic', accounts: ['a'] })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('has its name before there is an account', async () => {
    await using rig = await openOperations();
    await expect(rig.run('pool.create', { pool: 'anthropic', accounts: ['a'] })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(rig.run('pool.show', { pool: 'anthropic' })).rejects.toMatchObject({
      code: 'not_found',
      hint: 'See: stint pool list',
    });
  });
});

describe('pool.create', () => {
  test('makes a pool of accounts by any of their names, each once, in the order given', async () => {
    await using rig = await withAccounts();
    const { warning, ...created } = (await rig.run('pool.create', {
      pool: ' Fast Lane ',
      accounts: ['c', 'anthropic/a,C', 'A'],
      strategy: 'priority',
    })) as { readonly warning: string };
    expect(warning).toStartWith('" Fast Lane " is called fast-lane');
    expect(created).toMatchObject({
      name: 'fast-lane',
      provider: 'anthropic',
      accounts: ['anthropic/c', 'anthropic/a'],
      strategy: 'priority',
      overage: 'forbid',
      pinned: null,
    });
    expect(await rig.run('pool.show', { pool: ' FAST-lane ' })).toEqual(created);
  });

  test.each([
    [{ pool: '' }, 'invalid', '"" makes no pool name: it needs a letter or a digit.'],
    [{ accounts: [] }, 'invalid', 'A pool needs at least one account.'],
    [{ accounts: ['nobody'] }, 'not_found', 'There is no account "nobody".'],
    [{ accounts: ['a', ''] }, 'not_found', 'There is no account "".'],
    [{ accounts: ['a,,b'] }, 'not_found', 'There is no account "".'],
  ])('refuses %j and makes nothing', async (wrong, code, message) => {
    await using rig = await withAccounts();
    await expect(rig.run('pool.create', { pool: 'own', accounts: ['a'], ...wrong })).rejects.toMatchObject({
      code,
      message,
    });
    expect(await rig.run('pool.list')).toMatchObject({ pools: [{ name: 'anthropic' }] });
  });

  test('refuses a name that is taken', async () => {
    await using rig = await withAccounts();
    await rig.run('pool.create', { pool: 'own', accounts: ['a'] });
    await expect(rig.run('pool.create', { pool: 'OWN', accounts: ['b'] })).rejects.toMatchObject({
      code: 'conflict',
      message: 'Pool own exists.',
      hint: 'Change it with: stint pool set own',
    });
  });
});

describe('pool.set', () => {
  test('changes what is given and nothing else', async () => {
    await using rig = await withAccounts();
    await rig.run('pool.create', { pool: 'own', accounts: ['a', 'b'], strategy: 'priority', overage: 'last' });
    await rig.run('pool.use', { pool: 'own', account: 'b' });
    expect(await rig.run('pool.set', { pool: 'own', strategy: 'round-robin' })).toMatchObject({
      accounts: ['anthropic/a', 'anthropic/b'],
      strategy: 'round-robin',
      overage: 'last',
      pinned: 'anthropic/b',
    });
    expect(await rig.run('pool.set', { pool: 'own' })).toMatchObject({ strategy: 'round-robin', overage: 'last' });
  });

  test('lets go of a pinned account that it takes out', async () => {
    await using rig = await withAccounts();
    await rig.run('pool.create', { pool: 'own', accounts: ['a', 'b'] });
    await rig.run('pool.use', { pool: 'own', account: 'b' });
    expect(await rig.run('pool.set', { pool: 'own', accounts: ['a'] })).toMatchObject({ pinned: null });
  });
});

describe('pool.use', () => {
  test('pins one account, which status says, until auto', async () => {
    await using rig = await withAccounts();
    expect(await rig.run('pool.use', { pool: 'anthropic', account: 'b' })).toMatchObject({ pinned: 'anthropic/b' });
    expect(await rig.run('daemon.status')).toMatchObject({
      pools: [{ pinned: 'anthropic/b', next: [{ kind: 'use', account: 'anthropic/b' }] }],
    });
    expect(await rig.run('pool.use', { pool: 'anthropic', auto: true })).toMatchObject({ pinned: null });
  });

  test('never goes round a pinned account that is closed', async () => {
    await using rig = await withAccounts();
    await rig.run('pool.use', { pool: 'anthropic', account: 'b' });
    await rig.run('account.disable', { account: 'b' });
    expect(await rig.run('pool.show', { pool: 'anthropic' })).toMatchObject({
      next: [{ kind: 'none', account: null }],
    });
  });

  test.each([
    [{}, 'invalid', 'Give either an account or --auto.'],
    [{ account: 'a', auto: true }, 'invalid', 'Give either an account or --auto.'],
    [{ account: 'c' }, 'invalid', 'Account anthropic/c is not in pool own.'],
    [{ account: 'nobody' }, 'not_found', 'There is no account "nobody".'],
    [{ pool: 'none', account: 'a' }, 'not_found', 'There is no pool "none".'],
  ])('refuses %j and pins nothing', async (wrong, code, message) => {
    await using rig = await withAccounts();
    await rig.run('pool.create', { pool: 'own', accounts: ['a', 'b'] });
    await expect(rig.run('pool.use', { pool: 'own', ...wrong })).rejects.toMatchObject({ code, message });
    expect(await rig.run('pool.show', { pool: 'own' })).toMatchObject({ pinned: null });
  });
});

test('pool.remove takes the pool and leaves its accounts', async () => {
  await using rig = await withAccounts();
  await rig.run('pool.create', { pool: 'own', accounts: ['a'] });
  expect(await rig.run('pool.remove', { pool: 'own' })).toEqual({ removed: 'own' });
  await expect(rig.run('pool.remove', { pool: 'own' })).rejects.toMatchObject({ code: 'not_found' });
  expect(await rig.run('account.show', { account: 'a' })).toMatchObject({ state: 'open' });
});
