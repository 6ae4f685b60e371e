import { fitLine, paint, type Line } from './line.ts';

/** Where the demo writes to: `process.stdout`, or a stand-in. */
export type Output = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on(event: 'error', listener: () => void): unknown;
  off(event: 'error', listener: () => void): unknown;
};

type Writable = Omit<Output, 'on' | 'off'>;

/** Lines that stay, and below them a panel that is drawn anew in place. */
export type Screen = {
  /** Whether there is a panel. */
  readonly live: boolean;
  print(lines: readonly Line[]): void;
  /** Does nothing where there is no terminal. */
  show(panel: readonly Line[]): void;
  /** Takes the panel away and gives the cursor back; idempotent. */
  close(): void;
};

/** For those who want nothing but the summary as JSON. */
export const silentScreen: Screen = {
  live: false,
  print: () => undefined,
  show: () => undefined,
  close: () => undefined,
};

const hideCursor = '\u{1B}[?25l';
const showCursor = '\u{1B}[?25h';
const eraseRestOfLine = '\u{1B}[K';
const eraseBelow = '\u{1B}[J';

/** Chooses by what the output is: a panel on a terminal, else nothing but lines. */
export function openScreen(output: Writable, environment: Readonly<Record<string, string | undefined>>): Screen {
  const { TERM, NO_COLOR } = environment;
  if (output.isTTY !== true || TERM === 'dumb') return plainScreen(output);
  return liveScreen(output, NO_COLOR === undefined || NO_COLOR === '');
}

function plainScreen(output: Writable): Screen {
  return {
    live: false,
    print: (lines) => void output.write(lines.map((line) => `${paint(line, false)}\n`).join('')),
    show: () => undefined,
    close: () => undefined,
  };
}

function liveScreen(output: Writable, colours: boolean): Screen {
  let panel: readonly Line[] = [];
  let height = 0;
  let hidden = false;
  return {
    live: true,
    print: (lines) => draw(lines),
    show(lines) {
      panel = lines;
      if (!hidden) output.write(hideCursor);
      hidden = true;
      draw([]);
    },
    close() {
      if (!hidden) return;
      panel = [];
      draw([]);
      output.write(showCursor);
      hidden = false;
    },
  };

  /** Writes over the panel: first the lines that stay, then the panel again. In one piece, so that nothing flickers. */
  function draw(staying: readonly Line[]): void {
    const up = height > 0 ? `\u{1B}[${height}A\r` : '';
    // A panel line that wraps, or a panel that scrolls, could not be found again: one column and one row stay free.
    // A terminal that does not know its size says 0.
    const width = Math.max(1, (output.columns || 80) - 1);
    const below = panel.slice(0, Math.max(0, (output.rows || 24) - 1)).map((line) => fitLine(line, width));
    const lines = [...staying, ...below].map((line) => `${paint(line, colours)}${eraseRestOfLine}\n`);
    height = below.length;
    output.write(`${up}${lines.join('')}${eraseBelow}`);
  }
}
