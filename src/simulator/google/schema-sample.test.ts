import { describe, expect, test } from 'bun:test';
import { sampleOf } from './schema-sample.ts';

describe('sample of a schema', () => {
  test.each<[string, unknown, unknown]>([
    ['an object of the vendor', { type: 'OBJECT', properties: { a: { type: 'STRING' } } }, { a: 'Simulated' }],
    ['an object of the standard', { type: 'object', properties: { a: { type: 'boolean' } } }, { a: false }],
    ['an object without a type', { properties: { a: { type: ['integer', 'null'], minimum: 3 } } }, { a: 3 }],
    ['a list', { type: 'ARRAY', items: { type: 'NUMBER' } }, [1]],
    ['a list of anything', { type: 'array' }, []],
    ['a choice', { type: 'string', enum: ['left', 'right'] }, 'left'],
    ['nothing', null, null],
  ])('%s', (_, schema, sample) => {
    expect(sampleOf(schema)).toEqual(sample);
  });

  test('the router of Gemini CLI gets a score that means the strong model', () => {
    const properties = { complexity_reasoning: { type: 'STRING' }, complexity_score: { type: 'INTEGER' } };
    const sample = sampleOf({ type: 'OBJECT', properties });
    expect(sample).toEqual({ complexity_reasoning: 'Simulated', complexity_score: 90 });
  });
});
