import { describe, expect, test } from 'bun:test';
import { captured } from '../../test/builders.ts';
import { openOperations, type OperationRig } from '../../test/operation-rig.ts';

const hour = 3_600_000;

describe('the state of an account', () => {
  const closed = { kind: 'closed', window: 'five_hour', family: null, overage: false, evidence: 'rejected' } as const;
  const opus = { ...closed, window: 'seven_day_opus', family: 'opus' } as const;

  test('is open at first', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    expect(await stateOf(rig)).toEqual({ state: 'open', until: null, reason: null });
  });

  test('is closed until the latest of its limits', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    await rig.observe('a', { ...closed, until: captured + hour });
    await rig.observe('a', { ...closed, window: 'seven_day', until: captured + 9 * hour });
    expect(await stateOf(rig)).toEqual({ state: 'closed', until: captured + 9 * hour, reason: 'seven_day' });
  });

  test('is partly closed by a limit on one family, and open again after it', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    await rig.observe('a', { ...opus, until: captured + hour });
    expect(await stateOf(rig)).toEqual({ state: 'partly-closed', until: captured + hour, reason: 'seven_day_opus' });
    rig.now = captured + hour;
    expect(await stateOf(rig)).toEqual({ state: 'open', until: null, reason: null });
  });

  test('is overage while all of it is served for extra money, and closed when even that has ended', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    await rig.observe('a', { ...opus, overage: true, until: captured + hour });
    expect(await stateOf(rig)).toEqual({ state: 'overage', until: captured + hour, reason: 'seven_day_opus' });
    await rig.observe('a', { ...opus, until: captured + hour });
    expect(await stateOf(rig)).toMatchObject({ state: 'partly-closed', reason: 'seven_day_opus' });
    await rig.observe('a', { ...closed, overage: true, until: captured + 2 * hour });
    expect(await stateOf(rig)).toEqual({ state: 'overage', until: captured + 2 * hour, reason: 'five_hour' });
    await rig.observe('a', { ...closed, until: captured + hour });
    expect(await stateOf(rig)).toEqual({ state: 'closed', until: captured + hour, reason: 'five_hour' });
  });

  test('is opened by account.clear, which counts what was closed', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    await rig.observe('a', { ...closed, until: captured + hour });
    await rig.observe('a', { ...opus, until: captured + hour });
    expect(await rig.run('account.clear', { account: 'a' })).toMatchObject({ cleared: 2, account: { state: 'open' } });
    expect(await rig.run('account.clear', { account: 'a' })).toMatchObject({ cleared: 0 });
  });

  test('is disabled until it is enabled', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    expect(await rig.run('account.disable', { account: 'a' })).toMatchObject({ state: 'disabled' });
    expect(await rig.run('account.disable', { account: 'a' })).toMatchObject({ state: 'disabled' });
    expect(await rig.run('account.enable', { account: 'a' })).toMatchObject({ state: 'open' });
  });
});

async function stateOf(rig: OperationRig): Promise<unknown> {
  const { state, until, reason } = (await rig.run('account.show', { account: 'a' })) as Record<string, unknown>;
  return { state, until, reason };
}
