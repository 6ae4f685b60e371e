import { columns, type Column } from './column.ts';
import { strikeOf, type FaultRow } from './fault.ts';
import { rows, type Placed } from './run.ts';
import { sightOf, statusOf, tellLeft, tellSeen, tellSends } from './tell.ts';

const opening = `# Fault matrix

<!-- Written by \`npm run matrix\`. A test runs every cell again and fails where this page differs. -->

This page is generated: each cell is a run of two accounts, \`a\` and \`b\`, of one provider behind the real gateway, with a
simulated provider in its wire format. A fault strikes \`a\`, or both where the row says so. A client asks once, reads to
the end, and asks once more a second later. The agent may not be held (\`stint env\`): with \`stint claude\`, \`codex\` and
\`gemini\` a short wait is spent inside the open request instead of being answered.

- **answer**: what the client saw. \`200 from b\` is a whole answer, served by \`b\`; \`back in\` is the wait that the client is
  told. On a WebSocket there is a status only where the upgrade itself is refused.
- **requests**: what the provider got in both asks together, per account.
- **left behind**: limits and logins in Stint's book afterwards; *a guess* where the provider gave no time.

Anthropic's accounts are logins of a subscription. A ChatGPT plan streams only, as does a WebSocket.
`;

/** The whole page. */
export function pageOf(cells: readonly Placed[]): string {
  return [opening, overview(cells), ...rows.map((row) => section(row, cells)), ''].join('\n');
}

function overview(cells: readonly Placed[]): string {
  const head = ['fault', ...columns.map(({ title }) => title)];
  const body = rows.map((row) => [row.title, ...columns.map((column) => brief(placedAt(cells, row, column)))]);
  const legend =
    'The first answer, in brief: the account that served, the status of the error that the client got, or `cut` for an ' +
    'answer that broke off. A dash: there is no such fault in this protocol.';
  return `## In brief\n\n${legend}\n\n${table(head, body)}\n`;
}

function brief(placed: Placed | undefined): string {
  if (placed === undefined) return '-';
  const { first } = placed.cell;
  const sight = sightOf(first);
  if (sight === 'broken' || sight === 'unended') return 'cut';
  if (sight !== 'error') return sight;
  const status = statusOf(first);
  return status < 400 ? 'error' : String(status);
}

function section(row: FaultRow, cells: readonly Placed[]): string {
  const there = columns.filter((column) => strikeOf(row, column) !== null);
  const exceptions = (row.exceptions ?? []).map((each) => `${namesOf(there.filter(each.in), there)}: ${each.why}`);
  const groups = new Map<string, Column[]>();
  for (const column of there) {
    const placed = placedAt(cells, row, column);
    if (placed === undefined) continue;
    const { first, second } = placed.cell;
    const words = [tellSeen(first), tellSeen(second), tellSends(placed.cell), tellLeft(placed.cell)].join(' | ');
    groups.set(words, [...(groups.get(words) ?? []), column]);
  }
  const body = [...groups].map(([words, same]) => [namesOf(same, there), ...words.split(' | ')]);
  const head = ['asked as', 'first answer', 'second answer', 'requests', 'left behind'];
  return `## ${row.title}\n\n${[row.rule, ...exceptions].join('\n\n')}\n\n${injected(row, there)}\n\n${table(head, body)}\n`;
}

/** The simulators' names of what strikes. */
function injected(row: FaultRow, there: readonly Column[]): string {
  const names = new Map<string, Column[]>();
  for (const column of there) {
    const strike = strikeOf(row, column);
    if (strike === null) continue;
    const name = `\`${JSON.stringify('fault' in strike ? strike.fault : strike.change).replaceAll('"', '')}\``;
    names.set(name, [...(names.get(name) ?? []), column]);
  }
  const whom = { a: 'every request of `a`', once: 'the first request', both: 'every request of both' }[row.on];
  const list = [...names].map(([name, same]) => (names.size === 1 ? name : `${name} (${namesOf(same, there)})`));
  return `Injected into ${whom}: ${list.join(', ')}.`;
}

/** Protocols of which every column is meant, and single columns: `Gemini`, `Gemini, whole`. */
function namesOf(meant: readonly Column[], there: readonly Column[]): string {
  if (meant.length === there.length) return 'all';
  const protocols = [...new Set(meant.map(protocolOf))];
  const names = protocols.flatMap((protocol) => {
    const here = meant.filter((column) => protocolOf(column) === protocol);
    const isAll = here.length === there.filter((column) => protocolOf(column) === protocol).length;
    return isAll ? protocol : here.map(({ title }) => title);
  });
  return names.join('; ');
}

function protocolOf({ title }: Column): string {
  return title.split(',', 1)[0] ?? title;
}

function placedAt(cells: readonly Placed[], row: FaultRow, column: Column): Placed | undefined {
  return cells.find((each) => each.row === row && each.column === column);
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
