import { describe, expect, test } from 'bun:test';
import { scriptedAnswer, scriptedCall } from './script.ts';

const call = (prompt: string, results: readonly string[]) =>
  scriptedCall({ prompt, results, toolResults: results.length });

describe('a script of calls', () => {
  test('makes one after the other, and none when all were made', () => {
    const prompt = '[[tool:one {"a":1}]] [[tool:two {"b":[2]}]] go';
    expect(call(prompt, [])).toEqual({ kind: 'tool', tool: 'one', step: 1, input: { a: 1 } });
    expect(call(prompt, [''])).toEqual({ kind: 'tool', tool: 'two', step: 2, input: { b: [2] } });
    expect(call(prompt, ['', ''])).toBeUndefined();
  });

  test.each([
    ['an object', '{"other":1,"id":"k3j9"}'],
    ['an object as text', JSON.stringify({ text: JSON.stringify({ id: 'k3j9' }) })],
    ['an object as text in text', JSON.stringify(JSON.stringify({ text: JSON.stringify({ id: 'k3j9' }) }))],
    ['one with spaces', '{ "id": "k3j9" }'],
  ])('takes a field of an earlier result that is %s', (_, result) => {
    expect(call('[[tool:one {}]] [[tool:two {"jobs":["<<1.id>>"]}]]', [result])).toMatchObject({
      input: { jobs: ['k3j9'] },
    });
  });

  test('leaves a script in its inputs to whom it is for', () => {
    const prompt = '[[tool:one {"prompt":"[[say:not mine]]"}]] [[say:mine]]';
    expect(call(prompt, [])).toMatchObject({ input: { prompt: '[[say:not mine]]' } });
    const talk = { provider: 'test', name: 'a', prompt, prompts: 1, toolResults: 1, tool: undefined };
    expect(scriptedAnswer(talk)).toMatchObject({ kind: 'text', text: 'mine' });
  });
});
