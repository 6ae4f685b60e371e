import { expect, test } from 'bun:test';
import { parseJson } from './parse-json.ts';

test.each([
  ['{"a":1}', { a: 1 }],
  ['null', null],
  [' 7 ', 7],
  ['', undefined],
  ['{"a":', undefined],
  ['sk-test-secret', undefined],
])('%j is %j', (text, value) => {
  expect(parseJson(text)).toEqual(value);
});
