import { describe, expect, test } from 'bun:test';
import { reasonFor } from './dependency-reasons.ts';
import { fillBlocks, unusedGenerators } from './generated-blocks.ts';

const generators = { one: () => '| 1 |', two: () => Promise.resolve('| 2 |') };

describe('a generated block', () => {
  test('is filled anew, and the text around it stays', async () => {
    const before =
      'a\n<!-- generated:one -->\nold\n<!-- /generated -->\nb\n<!-- generated:two -->\n<!-- /generated -->\n';
    const after =
      'a\n<!-- generated:one -->\n| 1 |\n<!-- /generated -->\nb\n<!-- generated:two -->\n| 2 |\n<!-- /generated -->\n';
    expect(await fillBlocks(before, generators)).toBe(after);
    expect(await fillBlocks(after, generators)).toBe(after);
  });

  test.each([
    ['<!-- generated:three -->\n<!-- /generated -->\n', 'No generator is called "three".'],
    ['<!-- generated:toString -->\n<!-- /generated -->\n', 'No generator is called "toString".'],
    ['<!-- generated:one -->\nno end\n', 'The generated block "one" has no <!-- /generated -->.'],
    [
      '<!-- generated:one -->\n<!-- generated:two -->\n<!-- /generated -->\n',
      'The generated block "one" has no <!-- /generated -->.',
    ],
  ])('that cannot be filled is an error: %j', async (markdown, message) => {
    await expect(fillBlocks(markdown, generators)).rejects.toThrow(message);
  });

  test('is only what stands on a line of its own', async () => {
    const prose = 'Write `<!-- generated:NAME -->` before it.\n';
    expect(await fillBlocks(prose, generators)).toBe(prose);
  });
});

test('a generator without a block is named', () => {
  expect(unusedGenerators(['<!-- generated:two -->\n<!-- /generated -->\n', ''], generators)).toEqual(['one']);
});

test('a dependency without a reason is an error', () => {
  expect(() => reasonFor('left-pad')).toThrow('Say in scripts/dependency-reasons.ts why left-pad is there.');
});
