import { describe, expect, test } from 'bun:test';
import { captured, idOf } from '../../test/builders.ts';
import { openOperations, secretOf } from '../../test/operation-rig.ts';
import { asSessionId, type AccountId } from '../core/ids.ts';
import type { OpenRequest } from './context.ts';

const hour = 3_600_000;

describe('account.rename', () => {
  test('keeps everything that is the account’s own, its secret included', async () => {
    await using rig = await openOperations();
    await rig.add('a', 'b');
    await rig.run('account.set', { account: 'a', maxConcurrent: 3 });
    await rig.run('pool.create', { pool: 'own', accounts: ['b', 'a'] });
    await rig.run('pool.use', { pool: 'own', account: 'a' });
    await rig.run('limit.set', { account: 'a', for: '1h' });
    expect(await rig.run('account.rename', { account: 'a', label: ' My Own ' })).toMatchObject({
      ...{ id: 'anthropic/my-own', label: 'my-own', renamed: 'anthropic/a', state: 'closed', maxConcurrent: 3 },
      until: captured + hour,
    });
    expect(rig.vault.names()).toEqual([idOf('b'), idOf('my-own')]);
    expect(rig.vault.read(idOf('my-own'))).toBe(secretOf('a'));
    expect(await rig.run('pool.show', { pool: 'own' })).toMatchObject({
      accounts: ['anthropic/b', 'anthropic/my-own'],
      pinned: 'anthropic/my-own',
    });
    await expect(rig.run('account.show', { account: 'a' })).rejects.toMatchObject({ code: 'not_found' });
    await rig.add('a');
    expect(await rig.run('account.show', { account: 'a' })).toMatchObject({ state: 'open' });
  });

  test('to the name that it has changes nothing', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    expect(await rig.run('account.rename', { account: 'a', label: 'A' })).toMatchObject({ id: 'anthropic/a' });
    expect(rig.vault.read(idOf('a'))).toBe(secretOf('a'));
  });

  test.each([
    [{ account: 'a', label: 'b' }, 'conflict', 'Account anthropic/b exists.'],
    [
      { account: 'a', label: '/' },
      'invalid',
      '"/" makes no label: take letters from a to z, digits, spaces, dots, dashes and underscores.',
    ],
    [{ account: 'nobody', label: 'c' }, 'not_found', 'There is no account "nobody".'],
    [{ account: 'a' }, 'invalid', 'label is missing.'],
  ])('refuses %j', async (input, code, message) => {
    await using rig = await openOperations();
    await rig.add('a', 'b');
    await expect(rig.run('account.rename', input)).rejects.toMatchObject({ code, message });
    expect(['a', 'b'].map((label) => rig.vault.read(idOf(label)))).toEqual([secretOf('a'), secretOf('b')]);
  });

  test('leaves the secret where it is when the store fails', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    const { store } = rig.book;
    Object.assign(store, { renameAccount: () => Promise.reject(new Error('SQLITE_FULL')) });
    await expect(rig.run('account.rename', { account: 'a', label: 'z' })).rejects.toThrow('SQLITE_FULL');
    expect([rig.vault.names(), rig.vault.read(idOf('a'))]).toEqual([[idOf('a')], secretOf('a')]);
  });
});

test('account.activity shows open requests and sessions by account, and requests that wait for one', async () => {
  const request = (id: string, account: AccountId | null, more: Partial<OpenRequest> = {}): OpenRequest => ({
    ...{ id, account, session: 'talk', pool: 'anthropic', model: 'claude-opus-4-8', path: '/v1/messages' },
    ...{ since: captured, streamed: true, heldUntil: null, ...more },
  });
  const open = [
    request('r-1', idOf('a')),
    request('r-2', idOf('b'), { heldUntil: captured + hour }),
    request('r-3', null, { heldUntil: captured + hour, streamed: false }),
  ];
  await using rig = await openOperations({ openRequests: () => open });
  await rig.add('a', 'b');
  const pool = rig.book.pool('anthropic' as never);
  if (pool === undefined) throw new Error('there is no pool');
  for (const id of ['one', 'two']) {
    await rig.book.begin({ pool, session: asSessionId(id), model: null }, idOf('a'), { probe: false, failover: false });
  }
  const all = await rig.run('account.activity');
  expect(all).toMatchObject({
    accounts: [
      {
        ...{ account: 'anthropic/a', inFlight: 2, sessionCount: 2 },
        requests: [{ id: 'r-1', held: false, heldUntil: null, since: captured, session: 'talk' }],
      },
      { account: 'anthropic/b', inFlight: 0, requests: [{ id: 'r-2', held: true }], sessions: [] },
    ],
    waiting: [{ id: 'r-3', account: null, held: true, streamed: false }],
  });
  const one = (await rig.run('account.activity', { account: 'a', count: 1 })) as {
    accounts: { sessions: unknown[]; sessionCount: number }[];
  };
  expect(one).toMatchObject({ waiting: [] });
  expect(one.accounts.map((each) => [each.sessions.length, each.sessionCount])).toEqual([[1, 2]]);
  for (let left = 2; left > 0; left -= 1) rig.book.end(idOf('a'), { probe: false });
});
