import { describe, expect, test } from 'bun:test';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv-provider.js';
import fc from 'fast-check';
import { configSchema } from './config-schema.ts';
import { editorSchema } from './editor-schema.ts';

const schema = JSON.parse(editorSchema()) as Record<string, unknown>;
const validate = new AjvJsonSchemaValidator().getValidator(schema as never);
const agrees = (value: unknown) => [validate(value).valid, configSchema.safeParse(value).success];

/** Values of every kind, right and wrong, of which each may come to stand in each field. */
const values = fc.oneof(
  fc.constantFrom<unknown>('', '/a', 'a', '22:00', '24:00', 'https://a', 'ftp://a', 'info', 'file', 'docker', true),
  fc.constantFrom<unknown>(-1, 0, 1, 1.5, 60, 3601, 65_536, [], [1], ['a'], ['pool-exhausted'], {}, null),
);
/** All but the time zone: an editor does not know which there are. */
const fields = fieldsOf(configSchema.parse({}), []).filter((path) => path.at(-1) !== 'timeZone');

describe('the schema for editors', () => {
  test('accepts and refuses one setting as the daemon does', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...fields), values, (path, value) => {
        const [editor, daemon] = agrees(nested(path, value));
        expect(editor).toBe(daemon ?? false);
        if (daemon === false) refused += 1;
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  test.each<[object, boolean]>([
    [{}, true],
    [{ gateway: { holdSeconds: 1 }, log: { level: 'debug' } }, true],
    [{ gateway: { holdSecond: 1 } }, false],
    [{ gateways: {} }, false],
    [{ reset: { agents: { mine: { command: ['a'] } } } }, true],
    [{ reset: { agents: { mine: { command: [] } } } }, false],
    [{ reset: { agents: { mine: {} } } }, false],
    [{ reset: { agents: { Mine: { command: ['a'] } } } }, false],
    [{ reset: { pools: { work: { container: 'box' } } } }, true],
    [{ reset: { pools: { work: { place: 'box' } } } }, false],
  ])('%j: %p', (value, isRight) => {
    expect(agrees(value)).toEqual([isRight, isRight]);
  });

  test('tells an editor what each setting is for, and how it comes', () => {
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      additionalProperties: false,
      properties: {
        audit: {
          properties: { keepDays: { default: 90, description: 'How long the audit trail goes back, in days.' } },
        },
      },
    });
    expect(schema['required']).toBeUndefined();
  });
});

function fieldsOf(table: object, path: readonly string[]): string[][] {
  return Object.entries(table).flatMap(([name, value]: [string, unknown]) => {
    const inner = [...path, name];
    const below = typeof value === 'object' && value !== null && !Array.isArray(value) ? fieldsOf(value, inner) : [];
    return [inner, ...below];
  });
}

function nested([name, ...rest]: readonly string[], value: unknown): unknown {
  return name === undefined ? value : { [name]: nested(rest, value) };
}
