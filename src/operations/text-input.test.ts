import { expect, test } from 'bun:test';
import { accountAdd } from './account.ts';
import { coerceText, inputFields } from './text-input.ts';

test.each([
  ['array', ['a', 'b'], ['a', 'b']],
  ['integer', ['7'], 7],
  ['integer', ['1', '2'], 2],
  ['integer', [' -3 '], -3],
  ['number', ['1.5'], 1.5],
  ['integer', ['1e9'], '1e9'],
  ['integer', ['0x10'], '0x10'],
  ['integer', [''], ''],
  ['integer', ['Infinity'], 'Infinity'],
  ['boolean', ['true'], true],
  ['boolean', [''], true],
  ['boolean', ['false'], false],
  ['boolean', ['no'], 'no'],
  ['object', ['A=1', 'B=x=y', 'C='], { A: '1', B: 'x=y', C: '' }],
  ['object', ['A', 'B=1'], 'B=1'],
  ['object', ['=1'], '=1'],
  ['string', ['7'], '7'],
  ['string', ['a', 'b'], 'b'],
])('a field of type %s takes %j as %j', (type, texts, value) => {
  expect(coerceText({ type }, texts)).toEqual(value);
});

test('a field that nobody knows stays a text, for the schema to refuse', () => {
  expect(coerceText(undefined, ['7'])).toBe('7');
});

test('the fields of an operation say which one is secret and which ones must be given', () => {
  const { fields, required } = inputFields(accountAdd);
  expect(required).toEqual(['provider', 'label']);
  expect(
    Object.entries(fields)
      .filter(([, field]) => field.secret === true)
      .map(([name]) => name),
  ).toEqual(['secret']);
});
