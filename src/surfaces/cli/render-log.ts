import type { Terminal } from './terminal.ts';

/** A line of the log for people: time, what happened, and its properties in short. */
export function renderLogLine(line: string, terminal: Terminal): string {
  const entry = parse(line);
  if (entry === undefined) return line;
  const { '@timestamp': at, level, message, logger: _logger, ...rest } = entry;
  const time = String(at).slice(11, 19);
  const text = message === 'request' ? requestText(rest) : `${String(message)} ${propertiesText(rest)}`;
  const shown = level === 'INFO' ? text : terminal.style(level === 'WARN' || level === 'WARNING' ? 'yellow' : 'red', text);
  return `${terminal.style('dim', time)} ${shown}`.trimEnd();
}

type RequestEntry = {
  readonly model?: string | null;
  readonly outcome?: string;
  readonly totalMs?: number;
  readonly heldMs?: number;
  readonly tries?: readonly { readonly account: string; readonly outcome: string }[];
};

function requestText({ model, outcome, totalMs, heldMs, tries }: RequestEntry): string {
  const path = (tries ?? []).map((each) => `${each.account}: ${each.outcome}`).join(' > ');
  const held = heldMs !== undefined && heldMs > 0 ? `, held ${heldMs} ms` : '';
  return `request ${model ?? '-'} ${outcome ?? ''} in ${totalMs ?? 0} ms${held} [${path}]`;
}

function propertiesText(properties: Record<string, unknown>): string {
  return Object.entries(properties)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
