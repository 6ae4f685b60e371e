import { describe, expect, test } from 'bun:test';
import type { AuditRecord } from '../core/audit.ts';
import type { AuditQuery } from '../audit/ports.ts';
import type { StorePlace } from './conformance.test.ts';

export const auditRecord: AuditRecord = {
  id: 1,
  at: 1000,
  kind: 'account.limited',
  surface: 'daemon',
  actor: 'stint',
  subject: 'anthropic/work',
  outcome: 'done',
  detail: null,
};
const records: readonly AuditRecord[] = [
  auditRecord,
  {
    ...auditRecord,
    id: 2,
    at: 2000,
    kind: 'pool.set',
    surface: 'mcp',
    actor: 'token',
    subject: 'anthropic',
    detail: '“x”',
  },
  { ...auditRecord, id: 3, at: 3000, kind: 'account.opened', outcome: 'not_found' },
  { ...auditRecord, id: 4, at: 4000, kind: 'pool.exhausted', subject: 'anthropic' },
];

/** What every audit store must do, whatever database is behind it. */
export function describeAuditStore(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(name, () => {
    test('is empty at first, and after a restart has what was added', async () => {
      await using place = await makePlace();
      const first = await place.open();
      expect([await first.lastAudit(), await first.readAudit({ count: 9 })]).toEqual([0, []]);
      await first.addAudit(records.slice(0, 1));
      await first.addAudit(records.slice(1));
      await first.close();
      const second = await place.open();
      expect([await second.lastAudit(), await second.readAudit({ count: 9 })]).toEqual([4, [...records]]);
      await second.close();
    });

    test.each<[AuditQuery, number[]]>([
      [{ count: 9 }, [1, 2, 3, 4]],
      [{ count: 2 }, [3, 4]],
      [{ after: 0, count: 2 }, [1, 2]],
      [{ after: 2, count: 9 }, [3, 4]],
      [{ after: 4, count: 9 }, []],
      [{ before: 4, count: 2 }, [2, 3]],
      [{ after: 1, before: 4, count: 9 }, [2, 3]],
      [{ kind: 'account', count: 9 }, [1, 3]],
      [{ kind: 'account.opened', count: 9 }, [3]],
      [{ kind: '%opened', count: 9 }, []],
      [{ kind: '_ccount', count: 9 }, []],
      [{ subject: 'anthropic/work', count: 9 }, [1, 3]],
      [{ subject: 'anthropic/*', count: 9 }, [1, 3]],
      [{ subject: 'anthropic/wor', count: 9 }, []],
      [{ subject: 'anthropic%', count: 9 }, []],
      [{ subject: 'anthropic_wor*', count: 9 }, []],
      [{ subject: '*', count: 9 }, [1, 2, 3, 4]],
      [{ subject: 'anthropic', kind: 'pool.', count: 9 }, [2, 4]],
      [{ since: 2000, count: 9 }, [2, 3, 4]],
      [{ since: 2001, kind: 'pool', count: 9 }, [4]],
    ])('of a question %j answers with %j', async (...[query, ids]) => {
      await using place = await makePlace();
      const store = await place.open();
      await store.addAudit(records);
      expect((await store.readAudit(query)).map(({ id }) => id)).toEqual(ids);
      await store.close();
    });

    test('takes a record a second time for the same one', async () => {
      await using place = await makePlace();
      const store = await place.open();
      await store.addAudit(records.slice(0, 2));
      await store.addAudit(records);
      expect(await store.readAudit({ count: 9 })).toEqual([...records]);
      await store.close();
    });

    test('adds all of what is given at once, or nothing', async () => {
      await using place = await makePlace();
      const store = await place.open();
      const wrong = { ...auditRecord, id: 2, subject: null as unknown as string };
      await expect(store.addAudit([auditRecord, wrong])).rejects.toThrow();
      expect(await store.lastAudit()).toBe(0);
      await store.close();
    });

    test('removes what is older, but never the last record', async () => {
      await using place = await makePlace();
      const store = await place.open();
      await store.removeAudit(5000);
      await store.addAudit(records);
      await store.removeAudit(2000);
      expect((await store.readAudit({ count: 9 })).map(({ id }) => id)).toEqual([2, 3, 4]);
      await store.removeAudit(5000);
      expect((await store.readAudit({ count: 9 })).map(({ id }) => id)).toEqual([4]);
      await store.close();
    });
  });
}
