import { readFile, stat } from 'node:fs/promises';
import { Problem } from '../../../core/problem.ts';
import { quoted } from '../../../operations/require.ts';

/** Far more than a prompt may have: whoever gives a film is told so instead of waiting. */
const mostBytes = 8 * 1024 * 1024;

type Given = {
  /** Of the command line; `-` is stdin. */
  readonly words: readonly string[];
  readonly file: string | undefined;
  /** What was typed, for the sentence about what to type instead. */
  readonly command: string;
};

/** The prompt of a job: an argument, the text of a file, or stdin where that is a pipe. Never empty. */
export async function readPrompt({ words, file, command }: Given): Promise<string> {
  const [word, second] = words;
  if (second !== undefined)
    throw new Problem('invalid', 'The prompt has to be one argument.', { hint: `Quote it: ${command} "..."` });
  if (word !== undefined && file !== undefined)
    throw new Problem('invalid', 'There are two prompts, an argument and a file.', { hint: 'Give one of them.' });
  if (file !== undefined) return notEmpty(await textOfFile(file), `${quoted(file)} is empty`, command);
  if (word !== undefined && word !== '-') return notEmpty(word, 'The prompt is empty', command);
  if (word === undefined && process.stdin.isTTY === true)
    throw new Problem('invalid', 'There is no prompt.', {
      hint: `For example: ${command} "fix the tests", or --file task.md`,
    });
  return notEmpty(await textOfStdin(), 'There is no prompt: nothing came on stdin', command);
}

function notEmpty(text: string, sentence: string, command: string): string {
  if (text.trim() !== '') return text;
  throw new Problem('invalid', `${sentence}.`, { hint: `For example: ${command} "fix the tests"` });
}

async function textOfFile(file: string): Promise<string> {
  const unreadable = (why: string): Problem =>
    new Problem('invalid', `${quoted(file)} cannot be read: ${why}.`, { hint: 'Name a file with the prompt.' });
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw unreadable('there is no such file');
  if (found.isDirectory()) throw unreadable('it is a folder');
  if (found.size > mostBytes) throw tooLong();
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) throw unreadable('you may not');
  return textOf(bytes);
}

async function textOfStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw tooLong();
    chunks.push(chunk);
  }
  return textOf(Buffer.concat(chunks));
}

function tooLong(): Problem {
  return new Problem('too_large', 'That is too long for a prompt.', {
    hint: 'Put it into a file of the directory, and say in the prompt which one.',
  });
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem('invalid', 'The prompt is no text in UTF-8.', { hint: 'Give a text.' });
  }
}
