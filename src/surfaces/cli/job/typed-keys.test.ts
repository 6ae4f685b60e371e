import { expect, test } from 'bun:test';
import { TypedKeys } from './typed-keys.ts';

type Sent = { readonly keys?: string; readonly columns?: number; readonly rows?: number };

function open() {
  const sent: Sent[] = [];
  const gates: (() => void)[] = [];
  const left = Promise.withResolvers<void>();
  const send = (what: object): Promise<void> => {
    sent.push(what);
    return new Promise((resolve) => void gates.push(resolve));
  };
  const keys = new TypedKeys(send, () => left.resolve());
  const texts = (): (string | null)[] =>
    sent.map((each) => (each.keys === undefined ? null : Buffer.from(each.keys, 'base64').toString()));
  return { keys, sent, texts, left: left.promise, letGo: () => gates.shift()?.() };
}

const typed = (text: string): Buffer => Buffer.from(text);

test('what is typed while something is under way goes together, in its order', async () => {
  const { keys, texts, letGo } = open();
  for (const text of ['a', 'b', 'c']) keys.type(typed(text));
  expect(texts()).toEqual(['a']);
  letGo();
  await Bun.sleep(0);
  expect(texts()).toEqual(['a', 'bc']);
  letGo();
  await keys.settled();
});

test('of several sizes the last one counts, and goes before the keys', async () => {
  const { keys, sent, letGo } = open();
  keys.type(typed('a'));
  keys.resize(80, 24);
  keys.resize(100, 30);
  keys.type(typed('b'));
  letGo();
  await Bun.sleep(0);
  expect(sent[1]).toEqual({ columns: 100, rows: 30, keys: Buffer.from('b').toString('base64') });
  letGo();
  await keys.settled();
});

test('Ctrl-] leaves when all before it was sent, and nothing after it is', async () => {
  const { keys, texts, letGo, left } = open();
  keys.type(typed('last\u001dnot this'));
  letGo();
  await left;
  expect(texts()).toEqual(['last']);
});
