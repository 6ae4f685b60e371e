import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { accountId, asProviderId, labelOf, parseLabel } from './ids.ts';

describe('a label', () => {
  test.each([
    ['a plain word', 'work', 'work'],
    ['upper case', 'Work', 'work'],
    ['space around it', '  work\t\n', 'work'],
    ['a space inside', 'my work', 'my-work'],
    ['a run of other characters', 'my  ._/ work', 'my-work'],
    ['runs of dashes', 'my---work', 'my-work'],
    ['dashes at the ends', '-work-', 'work'],
    ['an address', 'Anna@Example.org', 'anna-example-org'],
    ['letters beyond ASCII', 'Büro', 'b-ro'],
    ['an emoji', '🚀 launch', 'launch'],
    ['a letter that lower case makes ASCII', 'K2', 'k2'],
    ['40 characters', 'a'.repeat(40), 'a'.repeat(40)],
    ['41 characters', 'a'.repeat(41), 'a'.repeat(40)],
    ['a dash as the 40th character', `${'a'.repeat(39)} b`, 'a'.repeat(39)],
  ])('of %s is normalised', (_, text, label) => {
    expect<string | undefined>(parseLabel(text)).toBe(label);
  });

  test.each([[''], ['   '], ['---'], ['🚀'], ['日本'], ['\0']])('of %j does not exist', (text) => {
    expect(parseLabel(text)).toBeUndefined();
  });

  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 90 }), fc.stringMatching(/^[ A-Za-z0-9._-]{0,90}$/));

  test('is of one form whatever the text, and stays the same when it is normalised again', () => {
    fc.assert(
      fc.property(text, (each) => {
        const label = parseLabel(each);
        if (label === undefined) return;
        expect(label).toMatch(/^[a-z0-9-]{1,40}$/);
        expect(label).not.toMatch(/^-|-$|--/);
        expect(parseLabel(label)).toBe(label);
      }),
      { numRuns: 1000 },
    );
  });

  test('makes one id, from which it can be read again', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [a, b] = [parseLabel(one), parseLabel(other)];
        if (a === undefined || b === undefined) return;
        const provider = asProviderId('anthropic');
        expect(labelOf(accountId(provider, a))).toBe(a);
        expect(accountId(provider, a) === accountId(provider, b)).toBe(a === b);
      }),
    );
  });

  test('belongs to an id of provider and label', () => {
    const label = parseLabel('Work');
    expect<string>(label === undefined ? '' : accountId(asProviderId('anthropic'), label)).toBe('anthropic/work');
  });
});
