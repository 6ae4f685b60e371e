import { expect, test } from 'bun:test';
import { typeOf } from './stream.ts';

test.each([
  ['as OpenAI writes it', '{"type":"response.created","response":{}}', 'response.created'],
  ['with spaces', ' { "type" : "response.failed" }', 'response.failed'],
  ['not first', '{"sequence_number":1,"type":"error"}', 'error'],
  ['with an escape', String.raw`{"type":"response\u002ecompleted"}`, 'response.completed'],
  ['with an escaped quote', String.raw`{"type":"a\"b"}`, 'a"b'],
  ['of 64 characters', `{"type":"${'x'.repeat(64)}"}`, 'x'.repeat(64)],
  ['of more', `{"type":"${'x'.repeat(65)}"}`, 'x'.repeat(65)],
  ['that is empty', '{"type":"","model":"m"}', ''],
  ['that is a number', '{"type":1}', ''],
  ['that is missing', '{"choices":[{"type":"x"}]}', ''],
  ['cut short', '{"type":"response.crea', ''],
  ['of nothing', '', ''],
])('the type of an event is read %s', (_, data, type) => expect(typeOf(data)).toBe(type));
