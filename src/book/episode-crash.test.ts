import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, buildPool, captured, idOf } from '../../test/builders.ts';
import type { EpisodeCrash, Scene } from '../../test/episode-crash.ts';
import { kindsIn } from '../../test/episode-rig.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { hourMs, minuteMs } from '../core/time.ts';
import { Monitor } from './monitor.ts';
import { addAccount, savePool } from './roster.ts';

const both = ['pool-exhausted', 'pool-recovered request'];
const only = ['pool-exhausted'];

describe('an episode whose process is killed', () => {
  test.each<[EpisodeCrash, string, Scene, string[]]>([
    ['before-exhausted', 'was never there: the agents meet the limit again', 'closed-then-served', []],
    ['halfway', 'begins with the next start, since its limits are there', 'served', only],
    ['after-exhausted', 'goes on', 'served', only],
    ['before-recovered', 'goes on, and the next answer ends it', 'served', only],
    ['after-recovered', 'has ended', 'served', both],
  ])('%s %s, and is told once', async (...[point, , then, told]) => {
    using folder = temporaryFolder();
    await fillHome(folder.path);
    expect(await runIn(folder.path, point, 'closed-then-served')).toBe('SIGKILL');
    {
      await using opened = await openAt(folder.path, captured + minuteMs);
      expect(await kindsIn(opened.book.store)).toEqual(told);
      expectGoesOn(opened, told.length === 1, told.length === 2);
    }
    expect(await runIn(folder.path, 'never', then)).toBeNull();
    await using opened = await openAt(folder.path, captured + 3 * hourMs);
    expect(await kindsIn(opened.book.store)).toEqual(both);
    expectGoesOn(opened, false, true);
  });
});

/** That timers and resets are there again as they were. */
function expectGoesOn({ book, now }: OpenedBook, exhausted: boolean, due: boolean): void {
  const delays: number[] = [];
  const schedule = (_: () => void, delayMs: number) => {
    delays.push(delayMs);
    return () => undefined;
  };
  const monitor = new Monitor({
    book,
    usage: { covers: () => true, askNow: () => Promise.resolve() },
    prober: { covers: () => false, cheapestModel: () => null, ask: () => Promise.resolve() },
    bug: () => undefined,
    schedule,
  });
  monitor.start();
  monitor.stop();
  expect(delays).toEqual(exhausted ? [minuteMs] : []);
  expect(book.resets().map(({ reset }) => reset?.state)).toEqual(due ? ['due'] : []);
  expect(now).toBeGreaterThan(captured);
}

async function fillHome(path: string): Promise<void> {
  await using opened = await openAt(path, captured);
  for (const label of ['a', 'b']) await addAccount(opened.book, buildAccount(label));
  await savePool(opened.book, buildPool([idOf('a'), idOf('b')], { authResetTarget: 'openai-codex' }));
}

function openAt(path: string, now: number): Promise<OpenedBook> {
  return openBook({ path: join(path, 'stint.db'), now });
}

async function runIn(path: string, point: EpisodeCrash, scene: Scene): Promise<unknown> {
  const script = join(import.meta.dir, '../../test/episode-crash.ts');
  const child = Bun.spawn([process.execPath, script, path, point, scene], { stdout: 'inherit', stderr: 'inherit' });
  await child.exited;
  return child.signalCode;
}
