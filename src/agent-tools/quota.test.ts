import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finish, print } from '../../test/supervisor-rig.ts';
import { openTools, type ToolRig } from '../../test/tool-rig.ts';
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
    // Its agent has told nothing yet.
    spent: { turns: 0, costUsd: null, knownUsd: 0 },
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

test('quota tells what the present attempt has spent, and counts for conditions as they do', async () => {
  await using rig = await openTools();
  const worker = await rig.work({ args: [telling(rig)], stop: { ...noStop, turns: 40 } });
  await rig.agents.hears('usage');
  rig.agents.now += 5000;
  const spent = { turns: 2, inputTokens: 1_000_000, outputTokens: 0, costUsd: 5 };
  const first = (await worker.call('quota')).output as object;
  expect(first).toMatchObject({ spent: { ...spent, runningSeconds: 5 }, counted: { ...spent, runningSeconds: 5 } });
  await rig.end(worker.job.id);
  await rig.agents.reaches(worker.job.id, 'done');
  await rig.agents.supervisor.retry(worker.job.id, true);
  const again = await rig.workerOf(worker.job.id);
  await rig.agents.hears('usage', 2);
  expect((await again.call('quota')).output as object).toMatchObject({
    spent: { turns: 4, inputTokens: 2_000_000, costUsd: 10, runningSeconds: 5 },
    counted: { ...spent, runningSeconds: 0 },
  });
});

test('quota is of the model that the agent takes by itself, once that is known', async () => {
  await using rig = await openTools();
  const worker = await rig.work({ args: [telling(rig)] });
  await rig.agents.supervisor.until(worker.job.id, ({ usualModel }) => usualModel !== undefined);
  const until = rig.operations.now + 3_600_000;
  for (const label of ['a', 'b'])
    await rig.operations.observe(label, {
      ...{ kind: 'closed', window: 'seven_day_opus', family: 'opus', overage: false, until, evidence: 'used up' },
    });
  expect((await worker.call('quota')).output as object).toMatchObject({
    ...{ model: 'claude-opus-4-8', open: false, until },
  });
});

/** An agent that tells its model and two turns at once, and then waits to be told to end. */
function telling({ agents: { folder } }: ToolRig): string {
  const path = join(folder, 'telling');
  const told = { model: 'claude-opus-4-8', inputTokens: 1_000_000, outputTokens: 0 };
  const cached = { cacheReadTokens: 0, cacheWriteTokens: 0, longCacheWriteTokens: 0 };
  const usage = { turns: 2, models: [{ ...told, ...cached }], costUsd: null, ofConversation: false };
  const says = print({ kind: 'model', model: told.model }) + print({ kind: 'usage', usage });
  const waits = `until [ -e "${folder}/end-$STINT_ATTEMPT" ]; do sleep 0.02; done\n`;
  writeFileSync(path, says + waits + finish());
  return path;
}
