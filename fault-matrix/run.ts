import { columns, type Column } from './column.ts';
import { runCell, type Cell } from './cell.ts';
import type { FaultRow } from './fault.ts';
import { limitFaults } from './limit-fault.ts';
import { loginFaults } from './login-fault.ts';
import { serverFaults } from './server-fault.ts';

export const rows: readonly FaultRow[] = [...limitFaults, ...loginFaults, ...serverFaults];

/** A cell with its place in the matrix. */
export type Placed = { readonly row: FaultRow; readonly column: Column; readonly cell: Cell };

/** Cells at work at the same time: most of a cell's time is a pause. */
const atOnce = 24;

/** Runs every cell there is, in the order of rows and columns. */
export async function runMatrix(only: (row: FaultRow, column: Column) => boolean = () => true): Promise<Placed[]> {
  const places = rows.flatMap((row) =>
    columns.filter((column) => only(row, column)).map((column) => ({ row, column })),
  );
  const cells: (Placed | null)[] = places.map(() => null);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < places.length; index = next++) {
      const { row, column } = places[index] as (typeof places)[number];
      const cell = await runCell(row, column);
      if (cell !== null) cells[index] = { row, column, cell };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return cells.filter((each) => each !== null);
}
