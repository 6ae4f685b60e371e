import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { firstElements, readFields } from './json-field.ts';

const read = (json: string, ...names: string[]) => readFields(Buffer.from(json), names);

describe('a field of a JSON object', () => {
  test.each<[string, string, unknown]>([
    ['a text', '{"model":"claude-opus-4-8[1m]"}', 'claude-opus-4-8[1m]'],
    ['an empty text', '{"model":""}', ''],
    ['a number', '{"model":64000}', 64_000],
    ['a number with an exponent', '{"model":-1.5e3}', -1500],
    ['true', '{"model":true}', true],
    ['null', '{"model":null}', null],
    ['a text with escapes', String.raw`{"model":"a\"b\\c\u00e4\n"}`, 'a"b\\cä\n'],
    ['a text that ends in a backslash', String.raw`{"x":"\\","model":"a"}`, 'a'],
    ['a text that ends in a quote', String.raw`{"x":"\\\"","model":"a"}`, 'a'],
    ['a text beyond ASCII', '{"model":"ä€🚀"}', 'ä€🚀'],
    ['space everywhere', ' \r\n{\t"x" : [ 1 , 2 ] ,\n "model" : "a" \n} \n', 'a'],
    ['the last field', '{"x":1,"model":2}', 2],
    ['a field after objects', '{"x":{"model":"inner"},"y":[{"model":"inner"}],"model":"outer"}', 'outer'],
    ['a field before objects', '{"model":"outer","x":{"model":"inner"}}', 'outer'],
    ['a field after braces inside texts', '{"x":"}{][","y":"\\"model\\":\\"no\\"","model":"a"}', 'a'],
    ['a field whose name is also a value', '{"x":"model","model":"a"}', 'a'],
    ['the last of a duplicate', '{"model":"a","model":"b"}', 'b'],
    ['the scalar after an object of the same name', '{"model":{},"model":"b"}', 'b'],
    ['a field before rubbish', '{"model":"a"} rubbish {"model":"b"}', 'a'],
    ['a field before a fault', '{"model":"a","x":"never closed', 'a'],
  ])('is read: %s', (_, json, value) => {
    expect(read(json, 'model')).toEqual({ model: value as string });
  });

  test.each([
    ['missing', '{"models":"a","mode":"b"}'],
    ['only inside an object', '{"x":{"model":"a"}}'],
    ['only inside an array', '{"x":[{"model":"a"}]}'],
    ['only inside a text', String.raw`{"x":"{\"model\":\"a\"}"}`],
    ['only a value', '{"x":"model"}'],
    ['an object', '{"model":{"a":1}}'],
    ['an array', '{"model":["a"]}'],
    ['an object at last', '{"model":"a","model":{}}'],
    ['not a value', '{"model":undefined}'],
    ['without a value', '{"model":}'],
    ['cut within its value', '{"model":"clau'],
    ['cut within its name', '{"mod'],
    ['of a text that is too long for a scalar', `{"model":"${'a'.repeat(1100)}"}`],
    ['of nothing', ''],
    ['of no object', '"model"'],
    ['of an empty object', '{}'],
    ['of an open object', '{'],
    ['of rubbish', ']}{[":,\\'],
  ])('is undefined when it is %s', (_, json) => {
    expect(read(json, 'model')).toEqual({});
  });

  test('is found at the end of a long conversation', () => {
    const content = 'He said: "{\\"model\\": \\"no\\"}" \\ and so on. '.repeat(1000);
    const messages = Array.from({ length: 100 }, (_, index) => ({
      role: index % 2 ? 'assistant' : 'user',
      content,
      model: 'no',
    }));
    const body = JSON.stringify({
      messages,
      system: [{ type: 'text', text: content }],
      stream: true,
      model: 'claude-opus-4-8',
    });
    expect(body.length).toBeGreaterThan(4_000_000);
    expect(read(body, 'model', 'stream', 'max_tokens')).toEqual({ model: 'claude-opus-4-8', stream: true });
  });

  test('is the same as JSON.parse has it, in compact and in spaced form', () => {
    const names = ['model', 'stream', 'max_tokens', 'ä"\\'];
    const plain = ['model', 'stream', 'max_tokens'];
    const value = fc.jsonValue({ maxDepth: 4 });
    const body = fc
      .dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value)
      .filter((each) => !Object.hasOwn(each, '__proto__'));
    fc.assert(
      fc.property(body, fc.constantFrom(undefined, 1, '\t'), (object, space) => {
        const json = JSON.stringify(object, null, space);
        const parsed = JSON.parse(json) as Record<string, unknown>;
        const scalars = plain.filter(
          (name) => Object.hasOwn(parsed, name) && (typeof parsed[name] !== 'object' || parsed[name] === null),
        );
        expect(read(json, ...plain)).toEqual(Object.fromEntries(scalars.map((name) => [name, parsed[name] as string])));
      }),
      { numRuns: 1000 },
    );
  });

  test('never fails and never hangs, whatever the bytes', () => {
    const noise = fc.array(
      fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', ' ', 'model', '"model"', '1', 'null', 'ä'),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const found = read(parts.join(''), 'model');
        expect(Object.keys(found).every((name) => name === 'model')).toBe(true);
        const array = `{"m":[${parts.join('')}`;
        const elements = firstElements(Buffer.from(array), 'm', Number.POSITIVE_INFINITY);
        expect(elements.length).toBeLessThanOrEqual(array.length);
      }),
      { numRuns: 2000 },
    );
    const brokenAnywhere = JSON.stringify({ messages: [{ content: 'a"b\\' }], model: 'claude-opus-4-8', stream: true });
    for (let length = 0; length < brokenAnywhere.length; length += 1) {
      expect(['claude-opus-4-8', undefined]).toContain(
        read(brokenAnywhere.slice(0, length), 'model')['model'] as string | undefined,
      );
    }
  });
});

describe('the first elements of an array', () => {
  const rows: [string, string, string[]][] = [
    ['are its values, as they stand', '{"a":1,"m":[{"x":"]"}, 2 ,"three"]}', ['{"x":"]"}', '2 ', '"three"']],
    ['are none of a field that is no array', '{"m":{"x":1}}', []],
    ['are none where the field is missing', '{"n":[1]}', []],
    ['are none of an empty array', '{"m":[ ]}', []],
    ['end where the text stops being JSON', '{"m":[1,}', ['1']],
    ['are none where the array holds no value', '{"m":[}', []],
    ['end with a text that was cut', '{"m":[1,{"x":', ['1', '{"x":']],
  ];
  test.each(rows)('%s', (_, text, expected) => {
    expect(firstElements(Buffer.from(text), 'm', 8).map(String)).toEqual(expected);
  });

  test('are no more than asked for', () => {
    expect(firstElements(Buffer.from('{"m":[1,2,3]}'), 'm', 2).map(String)).toEqual(['1', '2']);
  });
});
