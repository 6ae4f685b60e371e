import { describe, expect, test } from 'bun:test';
import { captured, idOf, labelFrom } from '../../test/builders.ts';
import { openOperations } from '../../test/operation-rig.ts';
import { asSessionId } from '../core/ids.ts';

const hour = 3_600_000;
const closed = {
  kind: 'closed',
  window: 'five_hour',
  family: null,
  overage: false,
  evidence: 'five_hour rejected',
} as const;
const opus = { ...closed, window: 'seven_day_opus', family: 'opus', evidence: 'seven_day_opus rejected' } as const;

describe('daemon.status', () => {
  test('of nothing says so', async () => {
    await using rig = await openOperations();
    expect(await rig.run('daemon.status')).toMatchObject({
      daemon: { version: '1.2.3', pid: 4711, activeRequests: 2, degraded: null, setAside: null },
      accounts: [],
      pools: [],
      sessions: 0,
      now: captured,
    });
  });

  test('says who is next and why the others are not', async () => {
    await using rig = await openOperations();
    await rig.add('a', 'b', 'c');
    await rig.observe('a', { ...closed, until: captured + hour });
    await rig.run('account.disable', { account: 'b' });
    expect(await rig.run('daemon.status')).toMatchObject({
      pools: [
        {
          next: [
            {
              model: null,
              kind: 'use',
              account: 'anthropic/c',
              skipped: [
                { account: 'anthropic/a', reason: 'closed', window: 'five_hour', until: captured + hour },
                { account: 'anthropic/b', reason: 'disabled', window: null, until: null },
              ],
            },
          ],
        },
      ],
    });
  });

  test('answers once more for every family that a limit singles out', async () => {
    await using rig = await openOperations();
    await rig.add('a', 'b');
    await rig.observe('a', { ...opus, until: captured + hour });
    expect(await rig.run('daemon.status')).toMatchObject({
      pools: [
        {
          next: [
            { model: null, account: 'anthropic/a', skipped: [] },
            { model: 'opus', account: 'anthropic/b', skipped: [{ account: 'anthropic/a', window: 'seven_day_opus' }] },
          ],
        },
      ],
    });
  });

  test('answers for the model that was asked about, and the same as pool.show', async () => {
    await using rig = await openOperations();
    await rig.add('a', 'b');
    await rig.observe('a', { ...opus, until: captured + hour });
    for (const [model, account] of [
      ['claude-opus-4-8', 'anthropic/b'],
      ['claude-sonnet-4-5', 'anthropic/a'],
    ]) {
      const { pools } = (await rig.run('daemon.status', { model })) as { pools: unknown[] };
      expect(pools).toEqual([await rig.run('pool.show', { pool: 'anthropic', model })]);
      expect(pools).toMatchObject([{ next: [{ model, account }] }]);
    }
  });

  test.each([
    ['forbid', { kind: 'wait', until: captured + hour, skipped: [{ account: 'anthropic/a', reason: 'overage' }] }],
    ['allow', { kind: 'use', account: 'anthropic/a', skipped: [] }],
    ['last', { kind: 'use', account: 'anthropic/a', skipped: [] }],
  ])('says of an account that bills overage what a pool with the policy %s does', async (overage, next) => {
    await using rig = await openOperations();
    await rig.add('a');
    await rig.run('pool.set', { pool: 'anthropic', overage });
    await rig.observe('a', { ...closed, overage: true, until: captured + hour });
    expect(await rig.run('daemon.status')).toMatchObject({
      accounts: [{ state: 'overage', until: captured + hour, reason: 'five_hour' }],
      pools: [{ next: [next] }],
    });
  });

  test('says when the first account opens while all are closed', async () => {
    await using rig = await openOperations();
    await rig.add('a', 'b');
    await rig.observe('a', { ...closed, until: captured + 2 * hour });
    await rig.observe('b', { ...closed, until: captured + hour });
    expect(await rig.run('daemon.status')).toMatchObject({
      pools: [{ next: [{ kind: 'wait', account: null, until: captured + hour }] }],
    });
  });

  test('is what selection says to a request, and asking changes nothing', async () => {
    await using rig = await openOperations();
    await rig.add('a', 'b', 'c');
    await rig.run('pool.set', { pool: 'anthropic', strategy: 'round-robin' });
    const pool = rig.book.pool(labelFrom('anthropic'));
    if (pool === undefined) throw new Error('there is no pool');
    for (let turn = 0; turn < 6; turn += 1) {
      const request = { pool, session: asSessionId(`s${turn}`), model: null };
      const told = (await rig.run('daemon.status')) as { pools: { next: { account: string }[] }[] };
      expect(await rig.run('daemon.status')).toEqual(told);
      const selection = rig.book.select(request, [], 0);
      if (selection.kind !== 'use') throw new Error(`nobody was selected: ${selection.kind}`);
      expect(told.pools[0]?.next[0]?.account).toBe(selection.account);
      await rig.book.begin(request, selection.account, { probe: false, failover: false });
      rig.book.end(selection.account, { probe: false });
    }
    expect(await rig.run('daemon.status')).toMatchObject({ sessions: 6 });
  });

  test('shows how full the windows are', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    await rig.observe('a', {
      kind: 'reading',
      window: 'five_hour',
      family: null,
      utilization: 0.42,
      resetsAt: captured + hour,
    });
    expect(await rig.run('daemon.status')).toMatchObject({
      accounts: [
        { windows: [{ window: 'five_hour', utilization: 0.42, resetsAt: captured + hour, observedAt: captured }] },
      ],
    });
  });

  test('survives a restart with what was closed', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    await rig.observe('a', { ...closed, until: captured + hour });
    const { limits } = await rig.book.store.load();
    expect(limits).toMatchObject([{ account: idOf('a'), window: 'five_hour', until: captured + hour }]);
  });
});

test('daemon.stop answers before it stops', async () => {
  await using rig = await openOperations();
  expect(rig.stopped).toBe(false);
  expect(await rig.run('daemon.stop')).toEqual({ pid: 4711, activeRequests: 2, graceSeconds: 30 });
  expect(rig.stopped).toBe(true);
});

describe('session.list', () => {
  test('shows the latest first, as many as were asked for', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    const pool = rig.book.pool(labelFrom('anthropic'));
    if (pool === undefined) throw new Error('there is no pool');
    for (const name of ['first', 'second', 'third']) {
      rig.now += 2 * hour;
      await rig.book.begin({ pool, session: asSessionId(name), model: null }, idOf('a'), {
        probe: false,
        failover: false,
      });
      rig.book.end(idOf('a'), { probe: false });
    }
    expect(await rig.run('session.list', { count: 2 })).toMatchObject({
      sessions: [
        { id: 'third', pool: 'anthropic', account: 'anthropic/a', moves: 0, startedAt: captured + 6 * hour },
        { id: 'second' },
      ],
    });
  });
});
