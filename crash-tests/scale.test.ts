// A thousand parked jobs and fifty agents on the machine that runs this; `npm run bench` prints the same figures.
import { expect, test } from 'bun:test';
import { blockTargetMs, measureParkedJobs, measureRunningJobs, type Block } from '../bench/measure/jobs.ts';
import { parkedRows, runningRows } from '../bench/report/jobs.ts';
import { table } from '../bench/report/table.ts';
import { temporaryFolder } from '../test/temp-folder.ts';

/** A machine that does other things too is no failure. */
const mostMs = 10 * blockTargetMs;
const header = ['what', `measured (target: a block of ${blockTargetMs} ms)`];

test('a thousand parked jobs that are due at once go on by a ramp, each once', async () => {
  using folder = temporaryFolder();
  const measured = await measureParkedJobs(folder.path, 1000);
  console.log(table(header, parkedRows(measured)));
  expect(measured.wrong).toEqual([]);
  expect(longest([measured.parking, measured.resuming])).toBeLessThan(mostMs);
});

test('fifty agents at once', async () => {
  using folder = temporaryFolder();
  const measured = await measureRunningJobs(folder.path, 50);
  console.log(table(header, runningRows(measured)));
  expect(longest([measured.starting, measured.running, measured.ending])).toBeLessThan(mostMs);
});

function longest(blocks: readonly Block[]): number {
  return Math.max(...blocks.map(({ longestBlockMs }) => longestBlockMs));
}
