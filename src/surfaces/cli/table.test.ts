import { describe, expect, test } from 'bun:test';
import { cut, renderTable } from './table.ts';

const head = ['ACCOUNT', 'STATE', 'UNTIL'];
const rows = [
  ['anthropic/work', 'closed (a long reason that a provider gave)', 'in 2h (14:05 CET)'],
  ['openai/日本', 'open', '-'],
];

describe('a table', () => {
  test('is never cut where nobody says how wide the terminal is', () => {
    expect(renderTable(head, rows, undefined)).toBe(
      [
        'ACCOUNT         STATE                                        UNTIL',
        'anthropic/work  closed (a long reason that a provider gave)  in 2h (14:05 CET)',
        'openai/日本     open                                         -',
      ].join('\n'),
    );
  });

  test('loses cells of its widest column where the terminal is too narrow', () => {
    expect(renderTable(head, rows, 60)).toBe(
      [
        'ACCOUNT         STATE                      UNTIL',
        'anthropic/work  closed (a long reason th…  in 2h (14:05 CET)',
        'openai/日本     open                       -',
      ].join('\n'),
    );
  });

  test('becomes blocks of lines where no column could be read', () => {
    expect(renderTable(head, rows, 30)).toBe(
      [
        'anthropic/work',
        '  STATE  closed (a long reason that a provider gave)',
        '  UNTIL  in 2h (14:05 CET)',
        'openai/日本',
        '  STATE  open',
        '  UNTIL  -',
      ].join('\n'),
    );
  });

  test.each([40, 44, 52, 60, 79, 80, 120])('fits a terminal of %d columns', (columns) => {
    for (const line of renderTable(head, [...rows, ['e\u0301'.repeat(30), '🏁'.repeat(40), 'x']], columns).split('\n'))
      expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
  });

  test.each([5, 6, 7, 8])('cuts ideographs to %d cells', (cells) => {
    expect(Bun.stringWidth(cut('日本語日本語', cells))).toBeLessThanOrEqual(cells);
    expect(cut('日本語日本語', cells)).toEndWith('…');
  });

  test.each([0, 1, 12, 39])('cuts no value for the width %d, which none can be read in', (columns) => {
    const text = renderTable(head, rows, columns);
    expect(text).not.toContain('…');
    for (const value of rows.flat().filter((each) => each !== '-')) expect(text).toContain(value);
  });

  test('keeps its alignment with combining marks and closes the styles that it cuts', () => {
    const styled = [['\u001b[31me\u0301tat rouge\u001b[39m', 'x']];
    expect(renderTable(['A', 'B'], styled, undefined).split('\n')[1]).toBe('\u001b[31me\u0301tat rouge\u001b[39m  x');
    const long = [[`\u001b[31m${'rouge '.repeat(7)}\u001b[39m`, 'x']];
    expect(renderTable(['A', 'B'], long, 40).split('\n')[1]).toBe(`\u001b[31m${'rouge '.repeat(6)}…\u001b[39m  x`);
  });
});
