import { styleText } from 'node:util';
import type { Problem } from '../../core/problem.ts';

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
};

export const terminal: Terminal = {
  print: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
  style: (style, text) => (hasColours() ? styleText(style, text) : text),
  get interactive() {
    return process.stdin.isTTY === true && process.stderr.isTTY === true;
  },
};

/** One sentence and the next step; as JSON where the command was asked for JSON. */
export function writeError({ code, message, hint }: Problem, json: boolean): void {
  if (json) terminal.error(JSON.stringify({ error: { code, message, hint: hint ?? null } }));
  else terminal.error(hint === undefined ? message : `${message} ${hint}`);
}

function hasColours(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true;
  return process.stdout.isTTY === true && TERM !== 'dumb';
}
