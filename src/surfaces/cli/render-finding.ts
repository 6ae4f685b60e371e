import type { Finding } from '../../operations/shape.ts';
import type { Terminal } from './terminal.ts';

/** What was looked at, and the next step where something is wrong. */
export function renderFindings(findings: readonly Finding[], terminal: Pick<Terminal, 'style'>): string {
  return findings
    .map(({ check, ok, detail, hint }) => {
      const mark = ok ? terminal.style('green', 'ok  ') : terminal.style('red', 'FAIL');
      return `${mark} ${check}: ${detail}${hint === null ? '' : `\n     ${hint}`}`;
    })
    .join('\n');
}
