import { describe, expect, test } from 'bun:test';
import { cell, type Line } from './line.ts';
import { openScreen } from './screen.ts';

function record(terminal: { isTTY?: boolean; columns?: number; rows?: number }, environment = {}) {
  const written: string[] = [];
  const output = { ...terminal, write: (text: string) => written.push(text) };
  return { screen: openScreen(output, environment), written };
}

const panel: Line[] = [[cell('accounts', 'bold')], [cell('progress')]];

describe('without a terminal', () => {
  test.each([
    ['a pipe', {}, {}],
    ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }],
  ])('%s gets lines without escape sequences, and no panel', (_, terminal, environment) => {
    const { screen, written } = record(terminal, environment);
    screen.show(panel);
    screen.print([[cell('limit', 'red'), cell('  personal')]]);
    screen.close();
    expect(written.join('')).toBe('limit  personal\n');
  });
});

describe('on a terminal', () => {
  test('lines stay above the panel, which is drawn over itself', () => {
    const { screen, written } = record({ isTTY: true, columns: 80, rows: 24 }, { NO_COLOR: '1' });
    screen.show(panel);
    screen.print([[cell('a move')]]);
    screen.show([[cell('smaller')]]);
    expect(written).toEqual([
      '\u{1B}[?25l',
      'accounts\u{1B}[K\nprogress\u{1B}[K\n\u{1B}[J',
      '\u{1B}[2A\ra move\u{1B}[K\naccounts\u{1B}[K\nprogress\u{1B}[K\n\u{1B}[J',
      '\u{1B}[2A\rsmaller\u{1B}[K\n\u{1B}[J',
    ]);
  });

  test('the end takes the panel away once and gives the cursor back', () => {
    const { screen, written } = record({ isTTY: true }, { NO_COLOR: '1' });
    screen.show(panel);
    screen.close();
    screen.print([[cell('the end')]]);
    expect(written.slice(2)).toEqual(['\u{1B}[2A\r\u{1B}[J', '\u{1B}[?25h', 'the end\u{1B}[K\n\u{1B}[J']);
  });

  test.each([
    [12, 2],
    [40, 3],
    [1, 24],
  ])('a panel never wraps nor scrolls at %d columns and %d rows', (columns, rows) => {
    const { screen, written } = record({ isTTY: true, columns, rows }, { NO_COLOR: '1' });
    screen.show(Array.from({ length: 8 }, () => [cell('x'.repeat(60), 'red'), cell('y'.repeat(60))]));
    const lines = (written.at(-1) ?? '')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.replace('\u{1B}[K', ''));
    expect(lines.length).toBeLessThan(rows);
    for (const line of lines) expect(line.length).toBeLessThan(Math.max(columns, 2));
  });

  test('colours are there unless NO_COLOR says otherwise', () => {
    const { screen, written } = record({ isTTY: true });
    screen.print([[cell('open', 'green')]]);
    expect(written.join('')).toContain('\u{1B}[32mopen');
  });
});
