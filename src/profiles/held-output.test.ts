import { expect, test } from 'bun:test';
import { Writable } from 'node:stream';
import { HeldOutput } from './held-output.ts';

type Step = readonly [line: string, hold?: boolean] | 'release' | 'rearm';

/** What a reader has after each step. */
async function shown(whole: boolean, steps: readonly Step[]): Promise<string[]> {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const held = new HeldOutput(whole);
  const after: string[] = [];
  for (const step of steps) {
    if (step === 'release') await held.release(stream);
    else if (step === 'rearm') held.rearm();
    else await held.write(stream, Buffer.from(step[0]), step[1] ?? false);
    after.push(text);
  }
  return after;
}

test.each<[string, { whole: boolean; steps: readonly Step[] }, readonly string[]]>([
  ['passes on what nobody holds', { whole: false, steps: [['a'], ['b']] }, ['a', 'ab']],
  [
    'keeps back from the first held line on, in order',
    { whole: false, steps: [['a'], ['b', true], ['c'], 'release'] },
    ['a', 'a', 'a', 'abc'],
  ],
  ['holds nothing after it let go', { whole: false, steps: [['a', true], 'release', ['b', true]] }, ['', 'a', 'ab']],
  [
    'holds again when it is rearmed',
    { whole: false, steps: [['a', true], 'release', 'rearm', ['b', true], 'release'] },
    ['', 'a', 'a', 'a', 'ab'],
  ],
  [
    'keeps the whole where only the whole says whose it is',
    { whole: true, steps: [['a'], ['b'], 'release'] },
    ['', '', 'ab'],
  ],
])('held output %s', async (_, { whole, steps }, expected) => {
  expect(await shown(whole, steps)).toEqual([...expected]);
});

test('held output knows when its reader has gone, and goes on without it', async () => {
  const stream = new Writable({ write: (_chunk, _, done) => done(new Error('EPIPE')) });
  const held = new HeldOutput(false);
  await held.write(stream, Buffer.from('a'), false);
  await held.write(stream, Buffer.from('b'), false);
  expect(held.readerGone).toBe(true);
});
