import { parseJson } from '../../../lib/parse-json.ts';
import { cut } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** What an agent said or did, as `job.logs` tells it. */
export type JobLogLine = { readonly attempt: number; readonly kind: string; readonly text: string };

/** Prints the log of a job: a heading for each attempt; null for what was said already. */
export function jobLogPrinter(terminal: Terminal): (item: unknown) => string | null {
  let attempt = 0;
  let said = '';
  return (item) => {
    const line = item as JobLogLine;
    const heading = line.attempt === attempt ? [] : [terminal.style('dim', `--- attempt ${line.attempt}`)];
    attempt = line.attempt;
    // The last word of an agent is mostly what it said last.
    const isKnown = line.kind === 'result' && line.text.trim() === said;
    if (line.kind === 'text') said = line.text.trim();
    const lines = [...heading, ...(isKnown ? [] : [renderJobLogLine(line, terminal)])];
    return lines.length === 0 ? null : lines.join('\n');
  };
}

export function renderJobLogLine({ kind, text }: JobLogLine, terminal: Terminal): string {
  switch (kind) {
    case 'text':
      return text;
    case 'tool':
      return terminal.style('cyan', cut(`> ${toolCall(text)}`, terminal.columns ?? Infinity));
    case 'result':
      return terminal.style('bold', text);
    case 'session':
      return terminal.style('dim', `conversation ${text}`);
    case 'retrying':
      return terminal.style('yellow', `asks again: ${oneLine(text)}`);
    case 'limited':
      return terminal.style('yellow', `limit: ${oneLine(text)}`);
    case 'error':
      return terminal.style('red', `error: ${oneLine(text)}`);
    default:
      return `${kind}: ${text}`;
  }
}

/** Of a tool's input what people look for first. */
const telling = ['command', 'file_path', 'path', 'pattern', 'url', 'query', 'description', 'prompt'];

function toolCall(text: string): string {
  const [, name = '', input = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const parsed = parseJson(input);
  if (typeof parsed !== 'object' || parsed === null) return oneLine(`${name} ${cutJson(input)}`);
  const fields = parsed as Readonly<Record<string, unknown>>;
  const found = telling.map((each) => fields[each]).find((each) => typeof each === 'string');
  return oneLine(`${name} ${found ?? (Object.keys(fields).length === 0 ? '' : input)}`);
}

/** A long input was cut, so that it is no JSON any more. */
function cutJson(input: string): string {
  const found = telling.map((each) => new RegExp(`^\\{"${each}":"((?:[^"\\\\]|\\\\.)*)`).exec(input)?.[1]);
  const value = found.find((each) => each !== undefined);
  return value === undefined ? input : `${value.replaceAll(/\\n|\\t/g, ' ').replaceAll(/\\(["\\/])/g, '$1')}…`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
