import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { openOutboxRig, recorder, routeTo } from '../../test/outbox-rig.ts';
import { Problem } from '../core/problem.ts';
import { hourMs, secondMs } from '../core/time.ts';

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const), thread: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('time' as const), byMs: fc.integer({ min: 0, max: hourMs }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

test('whatever fails and when it restarts, every channel is told every notice once, each thread in order, one at a time', async () => {
  await using rig = await openOutboxRig();
  let added = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 15 }),
      fc.infiniteStream(fc.nat(9)),
      async (steps, dice) => {
        const channels = [recorder('one'), recorder('two')];
        let overlaps = 0;
        for (const channel of channels) {
          let inFlight = 0;
          channel.answer = async () => {
            inFlight += 1;
            if (inFlight > 1) overlaps += 1;
            const fate = dice.next().value ?? 9;
            if (fate > 6) await new Promise((resolve) => setImmediate(resolve));
            inFlight -= 1;
            if (fate < 3) throw new Problem('upstream', 'down', fate === 0 ? { retryAt: rig.now + 30 * secondMs } : {});
            return null;
          };
        }
        const routes = channels.map((each) => routeTo(each));
        let outbox = rig.open(routes);
        outbox.start();
        const before = rig.events.length;
        const ids: string[] = [];
        for (const each of steps) {
          if (each.kind === 'add') {
            const id = `${(added += 1)}-${each.thread}`;
            ids.push(id);
            await rig.add({ id, thread: `thread ${each.thread}` });
            outbox.wake();
          } else if (each.kind === 'time') {
            rig.now += each.byMs;
            await rig.pass(outbox);
          } else {
            await outbox.stop();
            outbox = rig.open(routes);
            outbox.start();
          }
        }
        for (const channel of channels) channel.answer = async () => null;
        while ((await rig.store.openDeliveries()).length > 0 || (await rig.store.unroutedNotices()).length > 0) {
          rig.now += hourMs;
          await rig.pass(outbox);
        }
        await outbox.stop();
        expect(overlaps).toBe(0);
        expect(rig.events.slice(before).filter(({ kind }) => kind === 'given-up')).toEqual([]);
        for (const { told } of channels) {
          expect(told.toSorted()).toEqual(ids.toSorted());
          for (const thread of ['0', '1', '2']) {
            expect(told.filter((id) => id.endsWith(`-${thread}`))).toEqual(
              ids.filter((id) => id.endsWith(`-${thread}`)),
            );
          }
        }
      },
    ),
    { numRuns: 15 },
  );
});
