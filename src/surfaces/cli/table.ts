const gap = '  ';
/** Below this a column says little. */
const leastCells = 10;
/** Below this nothing is cut: what is left would say nothing, and the terminal breaks lines itself. */
const leastColumns = 40;

/**
 * Aligns columns by two spaces; the last one is as long as it is. Where there are only so many columns on the terminal,
 * the widest are cut first, and where nothing readable would be left each row is a block of lines, one for each value.
 * Widths are cells: an ideograph takes two, a combining mark none.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => Bun.stringWidth(line[column] ?? ''))));
  const room = columns === undefined ? Infinity : columns - gap.length * (head.length - 1);
  const isNarrow = columns !== undefined && columns < leastColumns && sum(widths) > room;
  if (columns !== undefined && (isNarrow || sum(widths.map((each) => Math.min(each, leastCells))) > room)) {
    return rows.map((row) => block(head, row, columns)).join('\n');
  }
  const fitting = shrink(widths, room);
  return lines
    .map((line) => {
      const cells = line.map((cell, column) => pad(cut(cell, fitting[column] ?? 0), fitting[column] ?? 0));
      return cells.join(gap).trimEnd();
    })
    .join('\n');
}

/** Cuts a text to a number of cells, its styles kept, with an ellipsis for what is missing. */
export function cut(text: string, cells: number): string {
  if (Bun.stringWidth(text) <= cells) return text;
  const shorter = Bun.sliceAnsi(text, 0, cells, '…');
  // Before an ideograph that has no room it leaves the ellipsis none either.
  return Bun.stringWidth(shorter) <= cells ? shorter : Bun.sliceAnsi(text, 0, cells - 1, '…');
}

function pad(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - Bun.stringWidth(text)));
}

/** The first cell says what the row is about. */
function block(head: readonly string[], [title = '', ...rest]: readonly string[], columns: number): string {
  const width = Math.max(...head.slice(1).map((each) => each.length));
  const lines = rest.map((cell, index) => `  ${pad(head[index + 1] ?? '', width)}  ${cell}`);
  const whole = [title, ...lines.map((line) => line.trimEnd())];
  return (columns < leastColumns ? whole : whole.map((line) => cut(line, columns))).join('\n');
}

/** Takes one cell after the other from the widest column, until all of them fit. */
function shrink(widths: readonly number[], room: number): readonly number[] {
  const fitting = [...widths];
  for (let surplus = sum(fitting) - room; surplus > 0; surplus -= 1) {
    const widest = Math.max(...fitting);
    // Of equals the last: the first column says what the line is about.
    fitting[fitting.lastIndexOf(widest)] = widest - 1;
  }
  return fitting;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
