import { describe, expect, test } from 'bun:test';
import { idOf, labelFrom } from '../../test/builders.ts';
import type { Notice } from '../core/notice.ts';
import type { Delivery } from '../notices/ports.ts';
import { populate, type StorePlace } from './conformance.test.ts';
import type { Store } from './open-store.ts';

const exhausted: Notice = {
  id: 'pool-exhausted:1',
  kind: 'pool-exhausted',
  thread: 'episode:1',
  at: 5000,
  facts: { pool: labelFrom('anthropic'), family: 'opus', since: 5000, until: 9000, estimated: true, evidence: '“x”' },
};
/** From a clock that was set back. */
const recovered: Notice = { ...exhausted, id: 'a-recovered:1', kind: 'pool-recovered', at: 4000 };
const limited: Notice = {
  id: 'account-limited:2',
  kind: 'account-limited',
  thread: 'limit:2',
  at: 6000,
  facts: { account: idOf('work') },
};

function delivery(notice: Notice, channel: string, more: Partial<Delivery> = {}): Delivery {
  return { notice: notice.id, channel, attempts: 0, dueAt: 100, toldAt: null, reference: null, error: null, ...more };
}

/** What every outbox store must do, whatever database is behind it. */
export function describeOutboxStore(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(name, () => {
    test('hands out new notices in the order in which they came, until they are shared out', async () => {
      await using place = await makePlace();
      const first = await place.open();
      await first.addNotices([exhausted]);
      await first.addNotices([recovered, limited]);
      await first.close();
      const store = await place.open();
      expect(await store.unroutedNotices()).toEqual([exhausted, recovered, limited]);
      await store.routeNotice(exhausted.id, [delivery(exhausted, 'log')]);
      await store.routeNotice(limited.id, []);
      expect(await store.unroutedNotices()).toEqual([recovered]);
      await store.close();
    });

    test('has a notice once, however often and by whom it is added', async () => {
      await using place = await makePlace();
      const store = await place.open();
      await store.addNotices([exhausted]);
      await store.routeNotice(exhausted.id, [delivery(exhausted, 'log')]);
      const again = { ...exhausted, at: 1, facts: {} };
      await store.addNotices([again, again]);
      const episode = {
        id: 'episode',
        pool: labelFrom('anthropic'),
        family: null,
        exhaustedAt: 5000,
        recoveredAt: null,
      };
      await store.saveEpisode({ ...episode, model: null, verifiedBy: null, reset: null }, [again, limited]);
      expect(await store.unroutedNotices()).toEqual([limited]);
      expect(await store.openDeliveries()).toEqual([{ delivery: delivery(exhausted, 'log'), notice: exhausted }]);
      await store.close();
    });

    test('does not begin a delivery again when a notice is shared out twice', async () => {
      await using place = await makePlace();
      const store = await place.open();
      await store.addNotices([exhausted]);
      await store.routeNotice(exhausted.id, [delivery(exhausted, 'log')]);
      await store.saveDelivery(delivery(exhausted, 'log', { attempts: 1, dueAt: null, toldAt: 150 }));
      await store.routeNotice(exhausted.id, [delivery(exhausted, 'log'), delivery(exhausted, 'webhook')]);
      expect((await store.openDeliveries()).map((each) => each.delivery.channel)).toEqual(['webhook']);
      await store.close();
    });

    test('has what is to be told in the order of the notices, and what became of each', async () => {
      await using place = await makePlace();
      const store = await place.open();
      await populateNotices(store);
      expect((await store.openDeliveries()).map(({ delivery: { notice, channel } }) => [notice, channel])).toEqual([
        [exhausted.id, 'log'],
        [exhausted.id, 'telegram'],
        [recovered.id, 'telegram'],
      ]);
      const told = delivery(exhausted, 'telegram', { attempts: 2, dueAt: null, toldAt: 150, reference: '7:1' });
      await store.saveDelivery(told);
      await store.saveDelivery(delivery(exhausted, 'log', { dueAt: null, error: 'given up' }));
      await store.saveDelivery(delivery(limited, 'nobody', { dueAt: 1 }));
      expect((await store.openDeliveries()).map(({ notice }) => notice.id)).toEqual([recovered.id]);
      expect(await store.recentNotices(2)).toEqual([
        { notice: limited, deliveries: [] },
        { notice: recovered, deliveries: [delivery(recovered, 'telegram', { dueAt: 50 })] },
      ]);
      expect((await store.recentNotices(9)).at(-1)).toEqual({
        notice: exhausted,
        deliveries: [delivery(exhausted, 'log', { dueAt: null, error: 'given up' }), told],
      });
      expect(await store.recentNotices(0)).toEqual([]);
      await store.close();
    });

    test('knows what a channel last called a message of a thread', async () => {
      await using place = await makePlace();
      const store = await place.open();
      await populateNotices(store);
      expect(await store.lastReference('telegram', 'episode:1')).toBeNull();
      await store.saveDelivery(delivery(exhausted, 'telegram', { toldAt: 150, reference: 'first' }));
      expect(await store.lastReference('telegram', 'episode:1')).toBe('first');
      await store.saveDelivery(delivery(recovered, 'telegram', { toldAt: 140, reference: 'second' }));
      expect(await store.lastReference('telegram', 'episode:1')).toBe('second');
      expect(await store.lastReference('telegram', 'limit:2')).toBeNull();
      expect(await store.lastReference('log', 'episode:1')).toBeNull();
      await store.close();
    });

    test('removes old notices with their deliveries, but none that somebody is still to be told', async () => {
      await using place = await makePlace();
      const store = await place.open();
      await populateNotices(store);
      const waiting: Notice = { ...limited, id: 'waiting', at: 1 };
      await store.addNotices([waiting]);
      await store.saveDelivery(delivery(recovered, 'telegram', { dueAt: null, toldAt: 9 }));
      await store.removeNotices(4000);
      expect(await store.recentNotices(9)).toHaveLength(4);
      await store.removeNotices(6001);
      expect((await store.recentNotices(9)).map(({ notice }) => notice.id)).toEqual([waiting.id, exhausted.id]);
      await store.close();
    });

    test('keeps notices of an account and a pool that are gone', async () => {
      await using place = await makePlace();
      const store = await place.open();
      await populate(store);
      await populateNotices(store);
      await store.removePool(labelFrom('anthropic'));
      await store.removeAccount(idOf('work'));
      expect(await store.recentNotices(9)).toHaveLength(3);
      await store.close();
    });
  });
}

/** Saves three notices, two of which somebody is still to be told. */
export async function populateNotices(store: Store): Promise<void> {
  await store.addNotices([exhausted, recovered, limited]);
  await store.routeNotice(exhausted.id, [delivery(exhausted, 'telegram'), delivery(exhausted, 'log')]);
  await store.routeNotice(recovered.id, [delivery(recovered, 'telegram', { dueAt: 50 })]);
  await store.routeNotice(limited.id, []);
}
