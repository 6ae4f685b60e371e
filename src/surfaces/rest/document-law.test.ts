import { afterAll, beforeAll, expect, test } from 'bun:test';
import fc from 'fast-check';
import { methodsOf, openApi, type Described } from '../../../test/openapi-shape.ts';
import { openRest, type RestRig } from '../../../test/rest-rig.ts';

let rest: RestRig;
let all: readonly Described[];

beforeAll(async () => {
  rest = await openRest();
  await rest.operations.add('work', 'home');
  await rest.send('/api/pools', { method: 'POST', body: { name: 'mine', accounts: ['work', 'home'] } });
  // Streams have no end.
  all = methodsOf(openApi.parse((await rest.send('/api/openapi.json')).body)).filter(
    ({ path }) => !/event|login|logout|mcp/.test(path),
  );
});

afterAll(() => rest[Symbol.asyncDispose]());

const names = [
  'work',
  'home',
  'anthropic/work',
  'nobody',
  'anthropic',
  'openai',
  'claude',
  'mine',
  'opus',
  '1h',
  'full',
  '',
];
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...names) },
  fc.constantFrom(true, false, 0, 1, -1, 1.5, null),
  fc.constantFrom(['work'], ['nobody'], ['work', 'home'], []),
  fc.string(),
);

test('whatever is asked, the answer is one that the document has, and no bug', async () => {
  const asked = fc.record({
    which: fc.nat(),
    inPath: fc.array(fc.constantFrom(...names.slice(0, -1)), { minLength: 3, maxLength: 3 }),
    values: fc.array(fc.option(value, { freq: 3, nil: undefined }), { minLength: 12, maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(asked, async ({ which, inPath, values }) => {
      const target = all[which % all.length];
      if (target === undefined) throw new Error('there is no path');
      const filled = inPath.values();
      const path = target.path.replace(/\{\w+\}/g, () => encodeURIComponent(filled.next().value ?? 'work'));
      const given = Object.fromEntries(fieldsOf(target).map((name, index) => [name, values[index]]));
      // Throws where the document does not have it.
      await (target.method === 'GET'
        ? rest.send(`${path}${queryOf(given)}`)
        : rest.send(path, { method: target.method, body: given }));
      expect(rest.bugs).toEqual([]);
    }),
    { numRuns: 400 },
  );
  expect(rest.seen.size).toBeGreaterThan(100);
}, 20_000);

function fieldsOf({ item }: Described): string[] {
  const body = item.requestBody?.content['application/json']?.schema['properties'];
  const inQuery = (item.parameters ?? []).filter((each) => each.in === 'query').map((each) => each.name);
  return body === undefined ? inQuery : Object.keys(body as object);
}

function queryOf(given: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(given).filter(([, each]) => each !== undefined);
  return `?${new URLSearchParams(pairs.map(([name, each]) => [name, typeof each === 'string' ? each : JSON.stringify(each)]))}`;
}
