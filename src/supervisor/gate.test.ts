import { expect, test } from 'bun:test';
import { Gate } from './gate.ts';

test('lets so many through at a time, in their order, though one fails', async () => {
  const gate = new Gate(2);
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  const passes = [0, 1, 2, 3, 4].map((each) =>
    gate.pass(async () => {
      order.push(each);
      most = Math.max(most, (inside += 1));
      await Promise.resolve();
      inside -= 1;
      if (each === 1) throw new Error('no');
      return each;
    }),
  );
  const settled = await Promise.allSettled(passes);
  expect(settled.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, true, true]);
  expect([order, most]).toEqual([[0, 1, 2, 3, 4], 2]);
});
