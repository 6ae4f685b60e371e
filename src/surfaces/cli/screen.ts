import { cut } from './table.ts';

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
/** Terminals that know it show a frame at once; others ignore it. https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036 */
const frame = (text: string): string => `\u001b[?2026h\u001b[H${text}\u001b[J\u001b[?2026l`;

/** A terminal as a place to draw on. */
export type Drawable = {
  write(text: string): unknown;
  readonly columns: number;
  readonly rows: number;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
};

/** The whole terminal, drawn over and over; what was on it is there again when it is closed. */
export type Screen = Disposable & { draw(text: string): void };

export function openScreen(output: Drawable): Screen {
  let shown = '';
  const redraw = (): void => void output.write(frame(fit(shown, output)));
  const suspend = (): void => {
    output.write(leave);
    process.kill(process.pid, 'SIGSTOP');
  };
  const resume = (): void => {
    output.write(enter);
    redraw();
  };
  const close = (): void => {
    output.off('resize', redraw);
    process.off('SIGTSTP', suspend);
    process.off('SIGCONT', resume);
    process.off('exit', close);
    output.write(leave);
  };
  output.on('resize', redraw);
  process.on('SIGTSTP', suspend);
  process.on('SIGCONT', resume);
  process.on('exit', close);
  output.write(enter);
  return {
    draw(text) {
      shown = text;
      redraw();
    },
    [Symbol.dispose]: close,
  };
}

/** Breaks lines at words, indented as they are, and says how many have no room. */
function fit(text: string, { columns, rows }: Pick<Drawable, 'columns' | 'rows'>): string {
  const lines = text.split('\n').flatMap((line) => wrap(line, columns));
  const kept = lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
  // What is left of an earlier, longer line goes.
  return kept.map((line) => `${cut(line, columns)}\u001b[K`).join('\r\n');
}

function wrap(line: string, columns: number): string[] {
  if (Bun.stringWidth(line) <= columns) return [line];
  const indent = line.slice(0, Math.min(line.search(/\S|$/), Math.floor(columns / 2)));
  const [first = '', ...rest] = Bun.wrapAnsi(line.trimStart(), columns - indent.length - 2, { hard: true }).split('\n');
  return [indent + first, ...rest.map((each) => `${indent}  ${each}`)];
}
