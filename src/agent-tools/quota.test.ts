import { expect, test } from 'bun:test';
import { openTools } from '../../test/tool-rig.ts';
import { noStop } from '../core/job/stop.ts';

test('quota says what is open, how full its windows are, and what ends the job', async () => {
  await using rig = await openTools();
  const worker = await rig.work({ stop: { ...noStop, turns: 40, timeMs: 60_000 } });
  const reading = { window: 'five_hour', family: null, utilization: 0.5, resetsAt: rig.operations.now + 1000 };
  await rig.operations.observe('a', { kind: 'reading', ...reading } as never);
  const open = (await worker.call('quota')).output as object;
  expect(open).toMatchObject({
    ...{ agent: 'claude', model: null, pool: 'anthropic', open: true, until: null },
    accounts: [
      { id: 'anthropic/a', state: 'open', windows: [{ window: 'five_hour', utilization: 0.5 }] },
      { id: 'anthropic/b', state: 'open' },
    ],
    ...{ stop: { turns: 40, budget: null, timeSeconds: 60, completion: false }, stopped: null },
    spent: { turns: 0, costUsd: 0 },
  });
  const until = rig.operations.now + 3_600_000;
  for (const label of ['a', 'b']) {
    const signal = {
      kind: 'closed',
      window: 'five_hour',
      family: null,
      overage: false,
      until,
      evidence: 'used up',
    } as const;
    await rig.operations.observe(label, signal);
  }
  expect((await worker.call('quota')).output as object).toMatchObject({
    ...{ open: false, until, says: expect.stringContaining('Nobody in pool anthropic') },
    accounts: [{ state: 'closed' }, { state: 'closed' }],
  });
});
