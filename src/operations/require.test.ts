import { describe, expect, test } from 'bun:test';
import { openOperations } from '../../test/operation-rig.ts';

describe('a name that is looked up', () => {
  test.each(['a', ' A ', 'anthropic/a', 'ANTHROPIC/A'])(
    'is an account’s but for case and space around it: %j',
    async (name) => {
      await using rig = await openOperations();
      await rig.add('a');
      expect(await rig.run('account.show', { account: name })).toMatchObject({ id: 'anthropic/a' });
    },
  );

  test.each(['../a', 'a\0', 'a.', '-a', 'anthropic/../a', 'anthropic/a/', 'anthropic/a.', '/a', 'anthropic\\a', ''])(
    'is nobody’s where it only resembles one: %j',
    async (name) => {
      await using rig = await openOperations();
      await rig.add('a');
      await rig.run('pool.create', { pool: 'a', accounts: ['a'] });
      for (const [operation, input] of [
        ['account.remove', { account: name }],
        ['pool.remove', { pool: name }],
      ] as const)
        await expect(rig.run(operation, input)).rejects.toMatchObject({ code: 'not_found' });
      expect(rig.context.pools.all()).toHaveLength(2);
    },
  );
});

describe('a new name', () => {
  test.each([
    ['Work', 'work', null],
    ['My Team', 'my-team', '"My Team" is called my-team: names have a to z, 0 to 9 and -, at most 40 of them.'],
    ['x'.repeat(41), 'x'.repeat(40), /^"x{41}" is called x{40}: /],
  ])('%j says when it is not what was typed', async (typed, label, says) => {
    await using rig = await openOperations();
    await rig.add('a');
    const warning: unknown = says instanceof RegExp ? expect.stringMatching(says) : says;
    const shown = { name: label, warning };
    expect(await rig.run('pool.create', { pool: typed, accounts: ['a'] })).toMatchObject(shown);
    await rig.run('pool.rename', { pool: label, name: 'other' });
    expect(await rig.run('pool.rename', { pool: 'other', name: typed })).toMatchObject(shown);
    expect(await rig.run('account.rename', { account: 'a', label: typed })).toMatchObject({ label, warning });
  });
});
