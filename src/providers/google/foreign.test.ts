import { expect, test } from 'bun:test';
import { parseJson } from '../../lib/parse-json.ts';
import { withoutForeign } from './foreign.ts';

const call = { functionCall: { name: 'a', args: { thoughtSignature: 'of the user' } } };

test('signatures of thoughts give way to the one that says that there is none', () => {
  const body = (signature: string): object => ({
    contents: [
      { role: 'user', parts: [{ text: 'hi' }] },
      {
        role: 'model',
        parts: [
          { ...call, thoughtSignature: signature },
          { text: 'a', thought_signature: signature },
        ],
      },
      'odd',
      { parts: [null, 1] },
    ],
    tools: [],
  });
  const released = withoutForeign(Buffer.from(JSON.stringify(body('c2lnbmVk'))), () => true);
  expect(parseJson(released?.toString() ?? '')).toEqual(body('skip_thought_signature_validator'));
  expect(withoutForeign(released ?? Buffer.alloc(0), () => true)).toBeNull();
});

test.each([
  '',
  '{"contents":[]}',
  '{"contents":"thoughtSignature\\""}',
  '{"contents":[{"parts":[{"text":"\\"thoughtSignature\\""}]}]}',
  JSON.stringify({ contents: [{ parts: [call] }] }),
  '{"thoughtSignature":"a"',
])('of %s nothing is taken out', (body) => {
  expect(withoutForeign(Buffer.from(body), () => true)).toBeNull();
});
