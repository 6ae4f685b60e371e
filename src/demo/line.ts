import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

/** A line as pieces of text, each in one style or in none, so that it can be cut without cutting an escape sequence. */
export type Line = readonly Cell[];
export type Cell = { readonly text: string; readonly style?: Style };

export function cell(text: string, style?: Style): Cell {
  return style === undefined ? { text } : { text, style };
}

/** Cuts a line to a width in columns; what is cut off shows as `…`. Every character is taken for one column wide. */
export function fitLine(line: Line, width: number): Line {
  if (textOf(line).length <= width) return line;
  const fitted: Cell[] = [];
  let left = Math.max(0, width - 1);
  for (const each of line) {
    const text = each.text.slice(0, left);
    left -= text.length;
    if (text !== '') fitted.push({ ...each, text });
  }
  return width > 0 ? [...fitted, cell('…', 'dim')] : [];
}

export function textOf(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** Renders a line for a terminal with or without colours. */
export function paint(line: Line, colours: boolean): string {
  if (!colours) return textOf(line).trimEnd();
  // Whether there are colours was decided by whoever called; styleText would ask this process's stdout again.
  return line
    .map(({ text, style }) => (style === undefined ? text : styleText(style, text, { validateStream: false })))
    .join('');
}
