import { expect, test } from 'bun:test';
import { platform } from 'node:os';
import { processesOf } from './process-table.ts';

test.skipIf(platform() !== 'linux')('a process that was started this instant is found', async () => {
  const missed: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    const attempt = `instant${process.pid}-${round}.1`;
    const child = Bun.spawn(['/bin/sleep', '600'], { env: { STINT_ATTEMPT: attempt } });
    if ((await processesOf(attempt, null)).length === 0) missed.push(round);
    child.kill('SIGKILL');
    await child.exited;
  }
  expect(missed).toEqual([]);
});

test('a process without any environment is somebody else’s, and keeps nobody waiting', async () => {
  const child = Bun.spawn(['/bin/sleep', '600'], { env: {} });
  const from = performance.now();
  expect((await processesOf('nobody.1', null)).length).toBe(0);
  expect(performance.now() - from).toBeLessThan(1000);
  child.kill('SIGKILL');
  await child.exited;
});
