// Random changes to real forms: of a text, of the JSON in it, of headers.
import fc from 'fast-check';

const wordsOfLimits = [
  ...['', 'null', 'True', '-1', '0', '1e999', '99999999999999', '6m0s', '-5s', '9e99s', 'NaN', '0x10', '2027-13-45'],
  ...['rate_limit_error', 'usage_limit_reached', 'RESOURCE_EXHAUSTED', 'QUOTA_EXHAUSTED', 'limit: 0', 'rejected'],
  ...['9999-12-31T23:59:59Z', '4102444800', '4102444800000', '900000h0m0s', '1970-01-01T00:00:00Z'],
  ...['try again in 999999999h', 'retry in 35.6s', 'resets 8pm (Asia/Dhaka)', 'Wed, 21 Oct 2099 07:28:00 GMT'],
];

/** A text or a number that may stand where a limit is told. */
const odd = fc.oneof(fc.constantFrom(...wordsOfLimits), fc.string({ maxLength: 30 }), fc.double().map(String));

const oddValue = fc.oneof(odd, fc.double(), fc.integer(), fc.constant(null), fc.jsonValue({ maxDepth: 2 }));

/** One of the texts with something cut out of it, put into it, or changed in its JSON. */
export function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  const cut = fc.tuple(fc.constantFrom(...texts), fc.nat(), fc.nat({ max: 60 }), odd).map(([text, at, length, put]) => {
    const from = text.length === 0 ? 0 : at % text.length;
    return text.slice(0, from) + put + text.slice(from + length);
  });
  const json = fc
    .tuple(fc.constantFrom(...texts), fc.nat(), oddValue)
    .map(([text, index, value]) => replacedIn(text, index, value));
  const number = fc
    .tuple(fc.constantFrom(...texts), fc.nat(), oddNumber)
    .map(([text, index, put]) => withNumber(text, index, put));
  const kept = { weight: 3, arbitrary: fc.constantFrom(...texts) };
  const changed = [json, number, cut].map((arbitrary) => ({ weight: 3, arbitrary }));
  return fc.oneof(kept, ...changed, fc.string(), fc.json());
}

/** What may stand in the place of a number, above all in that of a time: nothing, the far past and the far future. */
const oddNumber = fc.constantFrom('0', '-1', '1', '99999999', '4102444800', '4102444800000', '1e308', '0.0001');

/** Puts a number in the place of the n-th of a text. */
function withNumber(text: string, index: number, put: string): string {
  const count = text.match(/\d+/g)?.length ?? 0;
  let left = count === 0 ? -1 : index % count;
  return text.replace(/\d+/g, (number) => (left-- === 0 ? put : number));
}

/** An answer: the parts of one that belong together, each changed a little, or not at all. */
export type MutatedAnswer = { readonly status: number; readonly headers: Headers; readonly body: string };

type Told = {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
};

/** Mostly parts of one answer; now and then of several, or a status that nobody gave. */
export function mutatedAnswer(answers: readonly Told[]): fc.Arbitrary<MutatedAnswer> {
  const whole = fc
    .constantFrom(...answers)
    .chain(({ status, headers, body }) =>
      fc.record({ status: fc.constant(status), headers: mutatedHeaders([headers]), body: mutated([body]) }),
    );
  const mixed = fc.record({
    status: fc.integer({ min: 200, max: 599 }),
    headers: mutatedHeaders(answers.map(({ headers }) => headers)),
    body: mutated(answers.map(({ body }) => body)),
  });
  return fc.oneof({ weight: 4, arbitrary: whole }, mixed);
}

/** Headers of which some are gone and some say something else. */
function mutatedHeaders(lists: readonly (readonly (readonly [string, string])[])[]): fc.Arbitrary<Headers> {
  const change = fc.tuple(fc.nat(), fc.oneof(odd, oddNumber, fc.constant(null)));
  return fc.tuple(fc.constantFrom(...lists), fc.array(change, { maxLength: 4 })).map(([list, changes]) => {
    const headers = new Headers(list.map(([name, value]): [string, string] => [name, value]));
    for (const [index, value] of changes) {
      const name = list[index % Math.max(list.length, 1)]?.[0];
      if (name === undefined) continue;
      if (value === null) headers.delete(name);
      else headers.set(name, value.replaceAll(/[^\x20-\x7e]/g, ''));
    }
    return headers;
  });
}

/** Puts a value in the place of the n-th of all values in the JSON of a text, wherever in the text it stands. */
function replacedIn(text: string, index: number, value: unknown): string {
  const line = text.split('\n').find((each) => /[{[]/.test(each)) ?? text;
  const start = line.search(/[{[]/);
  const whole = start === -1 ? undefined : parsed(text) === undefined ? line.slice(start) : text;
  const json = whole === undefined ? undefined : parsed(whole);
  if (whole === undefined || json === undefined) return text;
  let left = index % Math.max(JSON.stringify(json).split(/[:,[]/).length, 1);
  const change = (inner: unknown): unknown => {
    if (left-- === 0) return value;
    if (Array.isArray(inner)) return inner.map(change);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, each]) => [name, change(each)]));
  };
  return text.replace(whole, () => JSON.stringify(change(json)));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
