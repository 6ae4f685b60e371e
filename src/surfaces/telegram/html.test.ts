import { describe, expect, test } from 'bun:test';
import { parseTelegramHtml } from '../../../test/telegram-html.ts';
import { bold, code, escape, fit, longestMessage, table } from './html.ts';

const nasty = '<b>&amp; </pre>"\'<script>🙂';

describe('a text of somebody else', () => {
  test.each([escape, bold, code])('is shown as it is by %p', (draw) => {
    expect(parseTelegramHtml(draw(nasty))).toEqual({ text: nasty });
  });

  test('is shown as it is in a table', () => {
    const shown = parseTelegramHtml(table(['A', 'B'], [[nasty, 'x']]));
    expect('text' in shown && shown.text).toContain(`${nasty}  x`);
  });
});

describe('a message', () => {
  test('has all that fits', () => {
    expect(fit(['a', 'b'])).toBe('a\nb');
  });

  test('says how much more there is', () => {
    const blocks = Array.from({ length: 500 }, (_, index) => bold(`account ${index}`));
    const text = fit(blocks);
    expect(text.length).toBeLessThanOrEqual(longestMessage);
    const shown = text.split('\n').length - 1;
    expect(text).toEndWith(`\n… and ${500 - shown} more`);
    expect(shown).toBeGreaterThan(150);
    expect(parseTelegramHtml(text)).toHaveProperty('text');
  });

  test.each([
    ['of one word', '<b>x</b>'.repeat(2000)],
    ['of entities', '&amp;'.repeat(2000)],
    ['of emoji', '🙂'.repeat(4000)],
  ])('is cut where its first block %s is too long', (_, block) => {
    const text = fit([block]);
    expect(text.length).toBeLessThanOrEqual(longestMessage);
    expect(text).toEndWith('…');
    const shown = parseTelegramHtml(text);
    expect(shown).toHaveProperty('text');
    expect('text' in shown && shown.text.isWellFormed()).toBe(true);
  });

  test('has tables that end', () => {
    const text = table(
      ['ID', 'NAME'],
      Array.from({ length: 900 }, (_, index) => [String(index), 'name']),
    );
    expect(text.length).toBeLessThanOrEqual(longestMessage);
    expect(text).toMatch(/\n… and \d+ more<\/pre>$/);
  });
});

describe('the server of these tests', () => {
  test.each([
    ['<b>a', 'Can\'t find end tag corresponding to start tag "b"'],
    ['a <c>b</c>', 'Unsupported start tag "c" at byte offset 2'],
    ['é</b>', 'Unexpected end tag at byte offset 2'],
    ['<b>a</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    ['a < b', 'Unclosed start tag at byte offset 2'],
  ])('refuses %j', (html, error) => {
    expect(parseTelegramHtml(html)).toEqual({ error });
  });
});
