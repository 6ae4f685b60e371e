import { expect, test } from 'bun:test';
import { switchOff } from './switch-off.ts';

test('leaves the other screen and shows the cursor, and prints nothing', () => {
  expect(switchOff).toContain('\u001b[?1049l');
  expect(switchOff).toContain('\u001b[?25h');
  // oxlint-disable-next-line no-control-regex -- that is what it is made of
  expect(switchOff.replaceAll(/\u001b\[[?<]?[\d]*[a-z]/g, '')).toBe('');
});
