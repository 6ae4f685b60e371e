import { formatMoment } from '../../core/time.ts';
import { unstyled, unstyledTexts, type Terminal } from './terminal.ts';

/** Numbers from here on are moments in epoch milliseconds: 2020. */
const earliestMoment = Date.UTC(2020, 0);

/** A line of the log for people: time, what happened, and its properties in short. */
export function renderLogLine(line: string, terminal: Terminal, timeZone: string): string {
  const entry = parse(line);
  if (entry === undefined) return unstyled(line);
  const { '@timestamp': at, level, message, logger: _logger, ...rest } = entry;
  const time = clockTime(String(at), timeZone);
  const text = textOf(String(message), rest, timeZone);
  const shown =
    level === 'INFO' ? text : terminal.style(level === 'WARN' || level === 'WARNING' ? 'yellow' : 'red', text);
  return `${terminal.style('dim', time)} ${shown}`.trimEnd();
}

function textOf(message: string, properties: Record<string, unknown>, timeZone: string): string {
  switch (message) {
    case 'request':
      return requestText(properties);
    case 'limit':
      return limitText(properties, timeZone);
    case 'changed':
      return `changed: ${String(properties['kind'])} ${String(properties['subject'])}`.trimEnd();
    default:
      return `${message} ${propertiesText(properties, timeZone)}`;
  }
}

type LimitEntry = {
  readonly account?: string;
  readonly window?: string;
  readonly family?: string | null;
  readonly until?: number;
  readonly evidence?: string;
};

function limitText({ account, window, family, until, evidence }: LimitEntry, timeZone: string): string {
  const whom = typeof family !== 'string' ? '' : ` for ${family}`;
  const opens = until === undefined ? '' : ` until ${formatMoment(until, Date.now(), timeZone)}`;
  return `limit ${account ?? '-'} closed (${window ?? '-'})${whom}${opens}${evidence ? `: ${evidence}` : ''}`;
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

function propertiesText(properties: Record<string, unknown>, timeZone: string): string {
  return Object.entries(properties)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name}=${valueText(value, timeZone)}`)
    .join(' ');
}

function valueText(value: unknown, timeZone: string): string {
  if (typeof value === 'number' && value > earliestMoment) return formatMoment(value, Date.now(), timeZone);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A line that says no time, such as one that somebody else wrote, shows none. */
export function clockTime(iso: string, timeZone: string): string {
  try {
    return Temporal.Instant.from(iso).toZonedDateTimeISO(timeZone).toPlainTime().toString({ smallestUnit: 'second' });
  } catch {
    return '--:--:--';
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (unstyledTexts(value) as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
