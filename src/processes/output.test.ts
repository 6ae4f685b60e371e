import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'bun:test';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { hookScript } from '../supervisor/hook-script.ts';
import { readOutput } from './output.ts';

/** An agent on a terminal with the script of its hooks, and a transcript that has a line of before. */
function openRig() {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  const transcript = at("it's a transcript.jsonl");
  writeFileSync(at('hook'), hookScript({ stdout: at('stdout') }));
  writeFileSync(transcript, 'of before\n');
  const files = { ...{ folder: folder.path, stdout: at('stdout'), stderr: at('stderr') } };
  const ended = Promise.withResolvers<void>();
  const none = { prompt: at('prompt'), exit: at('exit'), screen: at('screen') };
  return {
    ended: ended.resolve,
    lines: () => readOutput({ ...files, ...none }, ended.promise, new AbortController().signal),
    writes: (line: string) => appendFileSync(transcript, line),
    hook(text: string) {
      const stdin = Buffer.from(`{"text":\n"${text}","transcript_path":"${transcript}"}`);
      expect(Bun.spawnSync(['sh', at('hook')], { stdin }).exitCode).toBe(0);
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const wordOf = (line: string): string => /"text":"(.*?)"/.exec(line)?.[1] ?? line;

test('what stands in a transcript is heard between what hooks were told before and after it, however late it is read', async () => {
  using rig = openRig();
  rig.hook('first prompt');
  rig.writes('first answer\n');
  rig.hook('second prompt');
  rig.writes('half an ');
  rig.hook('a tool');
  rig.writes('answer\n');
  rig.ended();
  const lines = await Array.fromAsync(rig.lines());
  expect(lines.map(({ line, more }) => [wordOf(line), more ?? false])).toEqual([
    ...['first prompt', 'first answer', 'second prompt', 'a tool'].map((word) => [word, true] as [string, boolean]),
    ['half an answer', false],
  ]);
  expect(lines.map(({ channel }) => channel)).toEqual(['stdout', 'transcript', 'stdout', 'stdout', 'transcript']);
});

test('what is written while it is read comes in the same order', async () => {
  using rig = openRig();
  rig.hook('first prompt');
  const heard: string[] = [];
  for await (const { line } of rig.lines()) {
    heard.push(wordOf(line));
    if (heard.length === 1) rig.writes('first answer\n');
    if (heard.length === 2) {
      rig.hook('second prompt');
      rig.writes('second answer\n');
      rig.hook('third prompt');
      rig.ended();
    }
  }
  expect(heard).toEqual(['first prompt', 'first answer', 'second prompt', 'second answer', 'third prompt']);
});
