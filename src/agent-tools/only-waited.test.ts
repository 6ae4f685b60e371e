import { expect, test } from 'bun:test';
import { hasOnlyWaited } from './only-waited.ts';

test.each<[string, object, boolean]>([
  ['ask_user', { answered: false, answer: null }, true],
  ['ask_user', { answered: true, answer: 'yes' }, false],
  ['wait_for_jobs', { ended: [], pending: [{ job: 'a' }] }, true],
  ['wait_for_jobs', { ended: [{ job: 'a' }], pending: [] }, false],
  ['wait_for_jobs', { ended: [{ job: 'a' }], pending: [{ job: 'b' }] }, false],
  ['lock_files', { locked: false, locks: [] }, true],
  ['lock_files', { locked: true, locks: [] }, false],
  ['notes', { answered: false }, false],
])('a call of %s that gave %p has only waited: %p', (tool, output, isSo) => {
  expect(hasOnlyWaited(tool, output)).toBe(isSo);
});
