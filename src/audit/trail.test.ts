import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { AuditEntry, AuditRecord } from '../core/audit.ts';
import { openStore } from '../store/open-store.ts';
import type { AuditStore } from './ports.ts';
import { AuditTrail } from './trail.ts';

function entry(subject: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    kind: 'account.limited',
    surface: 'daemon',
    actor: 'stint',
    subject,
    outcome: 'done',
    detail: null,
    ...more,
  };
}

type Rig = AsyncDisposable & {
  readonly store: AuditStore;
  /** How the next writes go, in their order; well, when there is none left. */
  readonly fates: Fate[];
  readonly failures: unknown[];
  now: number;
  open(retryMs?: number): Promise<AuditTrail>;
  /** Resolves when a write that failed has come to an end. */
  failure(): Promise<void>;
};
/** `unknown` is a write that fails for us and is on the disk all the same. */
type Fate = 'done' | 'failed' | 'unknown';

async function openRig(): Promise<Rig> {
  const folder = temporaryFolder();
  const store = await openStore(join(folder.path, 'stint.db'), { now: 0 });
  const fates: Fate[] = [];
  const failures: unknown[] = [];
  const trails: AuditTrail[] = [];
  let failed = Promise.withResolvers<void>();
  const rig: Rig = {
    now: 0,
    fates,
    failures,
    failure: () => failed.promise,
    store: {
      ...store,
      addAudit: async (records) => {
        const fate = fates.shift() ?? 'done';
        if (fate !== 'failed') await store.addAudit(records);
        if (fate === 'done') return;
        failed.resolve();
        failed = Promise.withResolvers<void>();
        throw new Error('disk full');
      },
    },
    open: async (retryMs = 60_000) => {
      const deps = {
        store: rig.store,
        clock: () => rig.now,
        failed: (error: unknown) => failures.push(error),
        retryMs,
      };
      const trail = await AuditTrail.open(deps);
      trails.push(trail);
      return trail;
    },
    [Symbol.asyncDispose]: async () => {
      for (const trail of trails) await trail.stop();
      await store.close();
      folder[Symbol.dispose]();
    },
  };
  return rig;
}

async function take(records: AsyncIterable<AuditRecord>, count: number): Promise<AuditRecord[]> {
  const taken: AuditRecord[] = [];
  if (count === 0) return taken;
  for await (const record of records) {
    taken.push(record);
    if (taken.length === count) break;
  }
  return taken;
}

const never = new AbortController().signal;
const all = { after: 0, count: 100_000 };

describe('the audit trail', () => {
  test('has what was appended once the promise resolves, in order, and goes on after a restart', async () => {
    await using rig = await openRig();
    const first = await rig.open();
    rig.now = 7;
    await Promise.all([first.append(entry('a')), first.append(entry('b', { detail: 'until 8', outcome: 'conflict' }))]);
    expect(await rig.store.readAudit(all)).toEqual([
      { id: 1, at: 7, ...entry('a') },
      { id: 2, at: 7, ...entry('b', { detail: 'until 8', outcome: 'conflict' }) },
    ]);
    await first.stop();
    const second = await rig.open();
    expect(second.lastId).toBe(2);
    await second.append(entry('c'));
    expect((await second.read({ count: 1 })).map((each) => each.id)).toEqual([3]);
  });

  test('reads what was appended a moment ago', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    void trail.append(entry('a'));
    expect(await trail.read({ count: 9 })).toMatchObject([{ subject: 'a' }]);
  });

  test('keeps nobody waiting for a disk that is full, says so once, and tries again by itself', async () => {
    await using rig = await openRig();
    const trail = await rig.open(1);
    rig.fates.push('failed', 'failed');
    await trail.append(entry('a'));
    expect(trail.lastId).toBe(0);
    const [record] = await take(trail.watch(0, never), 1);
    expect(record).toMatchObject({ id: 1, subject: 'a' });
    expect(rig.failures).toHaveLength(1);
    rig.fates.push('failed');
    await trail.append(entry('b'));
    expect(rig.failures).toHaveLength(2);
  });

  test('tries what waits once more when it stops', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    rig.fates.push('failed');
    await trail.append(entry('a'));
    await trail.stop();
    await trail.stop();
    expect(await rig.store.readAudit(all)).toMatchObject([{ id: 1, subject: 'a' }]);
  });

  test('does not write twice what it was wrongly told had failed', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    rig.fates.push('unknown');
    await trail.append(entry('a'));
    await trail.append(entry('b'));
    expect(await trail.read(all)).toMatchObject([
      { id: 1, subject: 'a' },
      { id: 2, subject: 'b' },
    ]);
  });

  test('gives up the oldest of more than 10,000 that wait, skips no id, and says how many', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    rig.fates.push('failed', 'failed');
    await trail.append(entry('first'));
    await Promise.all(Array.from({ length: 10_007 }, (_, count) => trail.append(entry(String(count)))));
    await trail.append(entry('last'));
    const records = await trail.read(all);
    expect(records.map((each) => each.id)).toEqual(records.map((_, index) => index + 1));
    expect(records.slice(0, 3)).toMatchObject([
      { subject: 'first' },
      { kind: 'audit.lost', detail: '8 records were given up while the disk took none' },
      { subject: '8' },
    ]);
    expect(records.at(-1)).toMatchObject({ subject: 'last' });
  });

  test('never gives an id twice, even when every record is old', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    await Promise.all([trail.append(entry('a')), trail.append(entry('b'))]);
    rig.now = 1000;
    await trail.forget(1000);
    expect(await trail.read(all)).toMatchObject([{ id: 2 }]);
    await trail.stop();
    const again = await rig.open();
    await again.append(entry('c'));
    expect(await again.read(all)).toMatchObject([{ id: 2 }, { id: 3 }]);
    await again.forget(1001);
    expect(await again.read(all)).toMatchObject([{ id: 3 }]);
  });

  test('takes in no secret, no second line, and nothing long', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    await trail.append(
      entry('openai/sk-test-0123456789', {
        actor: 'Bearer eyJ0ZXN0Ijoxfq.e30.x',
        detail: `AIza-test-0123456789\nya29.test-0123456789 ${'x'.repeat(5000)}`,
      }),
    );
    const [record] = await trail.read(all);
    expect(record).toMatchObject({ subject: 'openai/sk-…', actor: 'Bearer eyJ…' });
    expect(record?.detail).toMatch(/^AIza… ya29\.… x+…$/);
    expect(record?.detail).toHaveLength(500);
  });
});

describe('who watches the trail', () => {
  test('gets the past and then each record as it comes', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    await Promise.all([trail.append(entry('a')), trail.append(entry('b'))]);
    const watch = trail.watch(1, never);
    expect((await watch.next()).value).toMatchObject({ id: 2 });
    const next = watch.next();
    await trail.append(entry('c'));
    expect((await next).value).toMatchObject({ id: 3, subject: 'c' });
    await watch.return(undefined);
  });

  test('ends when it no longer wants to, and when the trail stops', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    const abort = new AbortController();
    const waiting = trail.watch(0, abort.signal).next();
    abort.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await trail.watch(0, abort.signal).next()).toEqual({ done: true, value: undefined });
    const other = trail.watch(0, never).next();
    await trail.stop();
    expect(await other).toEqual({ done: true, value: undefined });
  });

  test('goes on with what comes where its cursor is of another database', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    await trail.append(entry('a'));
    const next = trail.watch(5000, never).next();
    await trail.append(entry('b'));
    expect((await next).value).toMatchObject({ id: 2 });
  });

  test('gets every record once and in order, however writes fail, restarts fall and readers dawdle', async () => {
    const fate = fc.constantFrom<Fate>('done', 'done', 'failed', 'unknown');
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('append' as const),
          count: fc.integer({ min: 1, max: 5 }),
          wait: fc.boolean(),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('watch' as const),
          share: fc.double({ min: 0, max: 1, noNaN: true }),
          dawdle: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
    );
    await using rig = await openRig();
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { maxLength: 12 }), fc.array(step, { maxLength: 14 }), async (fates, steps) => {
        const base = await rig.store.lastAudit();
        rig.fates.push(...fates);
        let trail = await rig.open();
        let appended = 0;
        const readers: { from: number; seen: Promise<number[]>; abort: AbortController }[] = [];
        const finish = async (): Promise<void> => {
          rig.fates.length = 0;
          await trail.stop();
          const last = await rig.store.lastAudit();
          for (const { from, seen, abort } of readers.splice(0)) {
            const ids = await seen;
            abort.abort();
            // The trail's stop may end a reader early, which then goes on from its cursor.
            expect(ids).toEqual(ids.map((_, index) => from + 1 + index));
            expect(from + ids.length).toBeLessThanOrEqual(last);
          }
        };
        for (const each of steps) {
          if (each.kind === 'append') {
            const promises = Array.from({ length: each.count }, () => trail.append(entry(String((appended += 1)))));
            if (each.wait) await Promise.all(promises);
          } else if (each.kind === 'watch') {
            const abort = new AbortController();
            const from = base + Math.floor(each.share * (trail.lastId - base));
            readers.push({ from, abort, seen: readAll(trail.watch(from, abort.signal), each.dawdle) });
          } else {
            await finish();
            trail = await rig.open();
          }
        }
        await trail.append(entry(String((appended += 1))));
        rig.fates.length = 0;
        await trail.stop();
        const records = await rig.store.readAudit({ after: base, count: 1000 });
        expect(records.map((each) => [each.id - base, each.subject])).toEqual(
          Array.from({ length: appended }, (_, index) => [index + 1, String(index + 1)]),
        );
        await finish();
      }),
      { numRuns: 40 },
    );
  });

  test('gets all of them while many append at once', async () => {
    await using rig = await openRig();
    const trail = await rig.open();
    const readers = Array.from({ length: 5 }, () => take(trail.watch(0, never), 2000));
    for (let count = 0; count < 2000; count += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => trail.append(entry(String(count + index)))));
    }
    for (const seen of await Promise.all(readers)) {
      expect(seen.map((each) => each.subject)).toEqual(Array.from({ length: 2000 }, (_, index) => String(index)));
    }
  });
});

async function readAll(records: AsyncIterable<AuditRecord>, dawdle: boolean): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of records) {
    ids.push(id);
    if (dawdle) await new Promise((resolve) => setImmediate(resolve));
  }
  return ids;
}
