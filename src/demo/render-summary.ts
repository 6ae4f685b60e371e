import { cell, type Line, type Style } from './line.ts';
import { isGood, type Summary } from './summary.ts';

/** The end of a run: what was met, and that the agent saw nothing of it. */
export function renderSummary(summary: Summary): Line[] {
  const rows: [string, string, Style?][] = [
    ['turns', `${summary.turns} of ${summary.turnsPlanned}`],
    ['limits met', list(summary.limits.map(({ window }) => window))],
    ['overloads met', String(summary.overloads)],
    ['moves', list(summary.moves.map(({ from, to }) => `${from} → ${to}`))],
    ['holds', summary.holds === 0 ? '0' : `${summary.holds}, ${summary.heldSeconds.toFixed(1)}s in all`],
    ['errors the agent saw', String(summary.errors), summary.errors === 0 ? 'green' : 'red'],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value, style]) => [cell(`  ${name.padEnd(width)}  `), cell(value, style)]);
  return [[cell(verdict(summary), isGood(summary) ? 'green' : 'red')], ...lines];
}

function verdict(summary: Summary): string {
  if (isGood(summary)) return `The agent finished its work in ${summary.seconds.toFixed(1)}s.`;
  if (summary.completed) return 'The agent finished its work, but not as it should have.';
  return 'The agent did not finish its work.';
}

function list(names: readonly string[]): string {
  return names.length === 0 ? '0' : `${names.length}: ${names.join(', ')}`;
}
