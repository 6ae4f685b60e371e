import { describe, expect, test } from 'bun:test';
import { KeptOutput } from './kept-output.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('the output that is kept of a terminal', () => {
  test('is replayed whole after a reset while it fits', () => {
    const kept = new KeptOutput(100);
    kept.push(bytes('one\r\n'));
    kept.push(bytes('two'));
    expect(kept.text()).toBe('\u001bcone\r\ntwo');
  });

  test('begins at a line or a sequence where its beginning was left out', () => {
    const kept = new KeptOutput(20);
    for (const chunk of ['a'.repeat(30), 'm tail\r\nline', ' end of it']) kept.push(bytes(chunk));
    expect(kept.text()).toBe('\u001bcline end of it');
    const other = new KeptOutput(20);
    for (const chunk of ['x'.repeat(30), '38;5m\u001b[1mbold', ' and more of it']) other.push(bytes(chunk));
    expect(other.text()).toBe('\u001bc\u001b[1mbold and more of it');
  });

  test('never holds much more than it may', () => {
    const kept = new KeptOutput(1000);
    for (let count = 0; count < 500; count += 1) kept.push(bytes(`${'y'.repeat(99)}\n`));
    expect(kept.replay().length).toBeLessThan(1200);
  });

  test('says whether pastes are to be marked, also where a switch came in two parts', () => {
    const kept = new KeptOutput(100);
    expect(kept.marksPastes).toBe(false);
    kept.push(bytes('hello \u001b[?20'));
    kept.push(bytes('04h there'));
    expect(kept.marksPastes).toBe(true);
    kept.push(bytes('\u001b[?2004l\u001b[?2004h\u001b[?2004l'));
    expect(kept.marksPastes).toBe(false);
  });
});
