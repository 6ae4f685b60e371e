import { styleText } from 'node:util';
import type { Problem } from '../../core/problem.ts';
import { problemDetails } from '../problem-details.ts';

type Style = Parameters<typeof styleText>[0];

/** Where a command writes to. */
export type Terminal = {
  /** A line on stdout. */
  print(line: string): void;
  /** A line on stderr. */
  error(line: string): void;
  /** Styled where stdout is a terminal that shows colours. */
  style(style: Style, text: string): string;
  readonly interactive: boolean;
  /** Cells in a line of stdout; undefined where that is no terminal, and nothing may be cut. */
  readonly columns: number | undefined;
};

export const terminal: Terminal = {
  print: (line) => void process.stdout.write(`${hasColours() ? printable(line) : unstyled(line)}\n`),
  error: (line) => void process.stderr.write(`${unstyled(line)}\n`),
  style: (style, text) => (hasColours() ? styleText(style, text) : text),
  get interactive() {
    return process.stdin.isTTY === true && process.stderr.isTTY === true;
  },
  get columns() {
    // Some, such as those of build servers, call themselves terminals and have no width.
    return process.stdout.isTTY === true && process.stdout.columns > 0 ? process.stdout.columns : undefined;
  },
};

/** One sentence and the next step; as JSON where the command was asked for JSON. */
export function writeError(problem: Problem, json: boolean): void {
  const { message, hint } = problem;
  // A status is HTTP's; the exit code stands in its place.
  const { status: _, ...details } = problemDetails(problem);
  if (json) terminal.error(JSON.stringify(details));
  else terminal.error(hint === undefined ? message : `${message} ${hint}`);
}

/**
 * Takes out what would move the cursor or talk to the terminal, for an agent's or a provider's words are shown as well;
 * styles, tabs and line ends stay.
 */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/\u001b(?!\[[\d;]*m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g, '\ufffd');
}

/** As `printable`, and without styles, for words that are none of ours: they must not put on a style that is. */
export function unstyled(text: string): string {
  return printable(text).replaceAll('\u001b', '\ufffd');
}

/** Every text of an answer without styles, for a renderer to put ours on. */
export function unstyledTexts(value: unknown): unknown {
  if (typeof value === 'string') return unstyled(value);
  if (Array.isArray(value)) return value.map(unstyledTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, unstyledTexts(each)]));
}

function hasColours(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true;
  return process.stdout.isTTY === true && TERM !== 'dumb';
}
