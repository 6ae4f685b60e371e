type Cursor = { row: number; column: number };

const tabWidth = 8;
/** Sequences of terminals: CSI with its parameters, OSC and other strings to their end, and those of two or three bytes. */
// oxlint-disable-next-line no-control-regex -- they are made of control characters
const sequence = /\u001b(?:\[([?<>=]?)([\d;:]*)[ -/]*([@-~])|[\]PX^_][\s\S]*?(?:\u0007|\u001b\\)|[()*+#%].|.)/y;

/**
 * What a terminal of this size shows after such output, without colours: enough of a terminal for a person to see what a
 * dialog asks. Sequences that it does not know leave the text as it is.
 */
export function screenText(
  output: string,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string {
  let lines: string[][] = Array.from({ length: rows }, () => []);
  const at: Cursor = { row: 0, column: 0 };
  const down = (): void => {
    if (at.row < rows - 1) at.row += 1;
    else lines = [...lines.slice(1), []];
  };
  const put = (letter: string): void => {
    if (at.column >= columns) {
      at.column = 0;
      down();
    }
    const line = lines[at.row] ?? [];
    while (line.length < at.column) line.push(' ');
    line[at.column] = letter;
    at.column += 1;
  };
  for (let place = 0; place < output.length;) {
    sequence.lastIndex = place;
    const found = output[place] === '\u001b' ? sequence.exec(output) : null;
    if (found !== null) {
      place = sequence.lastIndex;
      const [whole, mark, parameters = '', final] = found;
      if (whole === '\u001bc') [lines, at.row, at.column] = [Array.from({ length: rows }, () => []), 0, 0];
      if (final !== undefined && mark === '') control(lines, at, { parameters, final, rows, columns });
      continue;
    }
    const letter = String.fromCodePoint(output.codePointAt(place) ?? 0);
    place += letter.length;
    if (letter === '\n') down();
    else if (letter === '\r') at.column = 0;
    else if (letter === '\b') at.column = Math.max(at.column - 1, 0);
    else if (letter === '\t') at.column = Math.min((Math.floor(at.column / tabWidth) + 1) * tabWidth, columns - 1);
    else if (letter >= ' ') put(letter);
  }
  return lines
    .map((line) =>
      Array.from(line, (letter) => letter ?? ' ')
        .join('')
        .trimEnd(),
    )
    .join('\n')
    .trimEnd();
}

type Control = {
  readonly parameters: string;
  readonly final: string;
  readonly rows: number;
  readonly columns: number;
};

/** Moves the cursor or erases: ECMA-48, sections 8.3.14 to 8.3.41. */
function control(lines: string[][], at: Cursor, { parameters, final, rows, columns }: Control): void {
  const [first = 0, second = 0] = parameters.split(';').map(Number);
  const count = Math.max(first, 1);
  const line = lines[at.row] ?? [];
  switch (final) {
    case 'A':
      at.row = Math.max(at.row - count, 0);
      return;
    case 'B':
      at.row = Math.min(at.row + count, rows - 1);
      return;
    case 'C':
      at.column = Math.min(at.column + count, columns - 1);
      return;
    case 'D':
      at.column = Math.max(at.column - count, 0);
      return;
    case 'G':
      at.column = Math.min(count, columns) - 1;
      return;
    case 'd':
      at.row = Math.min(count, rows) - 1;
      return;
    case 'H':
    case 'f':
      [at.row, at.column] = [Math.min(count, rows) - 1, Math.min(Math.max(second, 1), columns) - 1];
      return;
    case 'K':
      if (first === 0) line.length = Math.min(line.length, at.column);
      else line.fill(' ', 0, first === 2 ? line.length : at.column + 1);
      return;
    case 'J':
      if (first === 0) line.length = Math.min(line.length, at.column);
      for (let row = first === 0 ? at.row + 1 : 0; row < (first === 1 ? at.row : rows); row += 1) lines[row] = [];
      return;
    default:
  }
}
