import { expect, test } from 'bun:test';
import { openOperations } from '../../test/operation-rig.ts';

test('the settings of a pool’s own that a new name leaves behind are told of', async () => {
  const settings = {
    file: '/home/me/.stint/config.toml',
    list: () =>
      ['reset.container', 'reset.pools.own.container', 'reset.pools.own.runtime'].map((field) => ({
        ...{ field, value: 'box', isDefault: false, isSecret: false },
      })),
    set: () => Promise.reject(new Error('nothing is set here')),
    check: () => Promise.resolve([]),
    pendingRestart: () => [],
    refused: () => [],
  };
  await using rig = await openOperations({ settings });
  await rig.add('a');
  await rig.run('pool.create', { pool: 'own', accounts: ['a'] });
  const lost = async (): Promise<string[]> => {
    const both = [await rig.run('config.check'), await rig.run('daemon.check')] as { findings: { check: string }[] }[];
    return both.flatMap(({ findings }) => findings.map(({ check }) => check)).filter((each) => each.startsWith('['));
  };
  expect(await lost()).toEqual([]);
  expect(await rig.run('pool.rename', { pool: 'own', name: 'mine' })).toMatchObject({
    warning:
      '[reset.pools.own] in config.toml is for no pool any more; make it [reset.pools.mine] with: stint config edit',
  });
  expect(await lost()).toEqual(['[reset.pools.own]', '[reset.pools.own]']);
  expect(await rig.run('pool.rename', { pool: 'mine', name: 'own' })).toMatchObject({ warning: null });
  expect(await lost()).toEqual([]);
});
