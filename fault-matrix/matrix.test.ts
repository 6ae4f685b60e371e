import { describe, expect, test } from 'bun:test';
import { expectedIn, type Expectation, type FaultRow } from './fault.ts';
import { page } from './main.ts';
import { pageOf } from './page.ts';
import { rows, runMatrix, type Placed } from './run.ts';
import { sightOf, statusOf } from './tell.ts';

const longestMs = 120_000;
let running: Promise<Placed[]> | undefined;

/** One run for all tests. */
function cells(): Promise<Placed[]> {
  return (running ??= runMatrix());
}

/** What happened in a cell, in the terms of its rule. */
function happened({ row, column, cell }: Placed): object {
  const { first, second, sends, left, bugs } = cell;
  const rule = expectedIn(row, column);
  const status = rule.status === undefined ? {} : { status: statusOf(first), statusAgain: statusOf(second) };
  const seen = { first: sightOf(first), second: sightOf(second), a: left.a.standing, b: left.b.standing };
  return { column: column.title, ...seen, sends, ...status, bugs };
}

function wanted({ row, column }: Placed): object {
  const { status, ...rule }: Expectation = expectedIn(row, column);
  const statuses = status === undefined ? {} : { status, statusAgain: status };
  return { column: column.title, ...rule, ...statuses, bugs: [] };
}

describe('the fault matrix', () => {
  test.each(rows.map((row) => [row.title, row] as const))(
    'keeps the rule of its row in every protocol: %s',
    async (_: string, row: FaultRow) => {
      const placed = (await cells()).filter((each) => each.row === row);
      expect(placed).not.toBeEmpty();
      expect(placed.map(happened)).toEqual(placed.map(wanted));
    },
    longestMs,
  );

  test(
    'is what docs/fault-matrix.md says',
    async () => {
      const stale = 'Stale. Run: npm run matrix';
      expect((await Bun.file(page).text()) === pageOf(await cells()) ? 'fresh' : stale).toBe('fresh');
    },
    longestMs,
  );
});
