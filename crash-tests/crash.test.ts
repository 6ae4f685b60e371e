// Again with one seed: CRASH_SEED=17 npm run test:crash
import { expect, test } from 'bun:test';
import { commitPoints, type CommitPoint } from '../src/core/job/commit-point.ts';
import { planOf } from './plan.ts';
import { runSeed } from './run-seed.ts';

/** Nothing asks a user by itself yet: no script comes there. */
const unreached: readonly CommitPoint[] = ['stored.waiting', 'seen.waiting'];
const points = commitPoints.filter((each) => !unreached.includes(each));
const only = process.env['CRASH_SEED'];
const seeds =
  only === undefined
    ? Array.from({ length: Number(process.env['CRASH_SEEDS'] ?? 117) }, (_, seed) => seed)
    : [Number(only)];
const atOnce = 4;
/** Whether a script comes to a rare point is a matter of time, too: that many more are tried for it. */
const moreTries = 6;

test('a kill at any commit point loses nothing, and nothing is done twice', async () => {
  const kills = new Map<string, number>();
  const failed: string[] = [];
  const bugs = new Map<string, number>();
  const play = async (seed: number): Promise<void> => {
    const plan = planOf(seed, points);
    const { point, nth } = plan.kill;
    const outcome = await runSeed(plan).catch((error: unknown) => ({
      kills: [],
      violations: [String(error)],
      bugs: [],
    }));
    for (const each of outcome.kills) kills.set(each, (kills.get(each) ?? 0) + 1);
    for (const each of outcome.bugs) bugs.set(each, (bugs.get(each) ?? 0) + 1);
    const where = `CRASH_SEED=${seed} ${point} #${nth}${plan.killAgain === null ? '' : ` then ${plan.killAgain.point}`}`;
    failed.push(...outcome.violations.map((each) => `${where}: ${each}`));
    if (outcome.violations.length > 0) console.log(failed.slice(-outcome.violations.length).join('\n'));
  };
  const left = [...seeds];
  const work = async (): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) await play(seed);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  for (let more = 1; only === undefined && more <= moreTries; more += 1) {
    for (const [place, point] of points.entries())
      if (!kills.has(point)) await play((100 + more) * points.length + place);
  }
  const total = [...kills.values()].reduce((sum, count) => sum + count, 0);
  console.log(`${seeds.length} seeds, ${total} kills at ${kills.size} of ${points.length} commit points`);
  if (bugs.size > 0) console.log('bugs that were told:', Object.fromEntries(bugs));
  expect(failed).toEqual([]);
  expect([...bugs.keys()]).toEqual([]);
  if (only === undefined) expect(points.filter((each) => !kills.has(each))).toEqual([]);
});
