import { stat } from 'node:fs/promises';
import type { OutputLine } from '../supervisor/ports.ts';
import { FileLines } from './file-lines.ts';

/** How much of a transcript there was when a hook was told what stands below. */
type Mark = { readonly path: string; readonly bytes: number };

/** See the script of hooks, which writes it; no line of an agent's own begins so. */
export function readMark(line: string): Mark | null {
  const [, bytes, path] = line.startsWith('\u001e') ? (/^(\d{1,15}) (.+)$/.exec(line.slice(1)) ?? []) : [];
  return path === undefined ? null : { path, bytes: Number(bytes) };
}

/** The transcripts that an agent on a terminal writes; what stood in one before its first mark is of before. */
export class Transcripts {
  readonly #known = new Map<string, { readonly lines: FileLines; bytes: number }>();

  /** What is written from here on is left to the next time: hooks may be told something before it that is not read yet. */
  async measure(): Promise<void> {
    for (const [path, each] of this.#known) each.bytes = await sizeOf(path);
  }

  async *upTo({ path, bytes }: Mark): AsyncGenerator<OutputLine> {
    const known = this.#known.get(path);
    if (known === undefined) this.#known.set(path, { lines: new FileLines(path, bytes), bytes: await sizeOf(path) });
    else yield* told(known.lines, false, bytes);
  }

  async *rest(isLast: boolean): AsyncGenerator<OutputLine> {
    for (const { lines, bytes } of this.#known.values()) yield* told(lines, isLast, bytes);
  }

  async close(): Promise<void> {
    for (const { lines } of this.#known.values()) await lines.close();
  }
}

async function* told(lines: FileLines, isLast: boolean, upTo: number): AsyncGenerator<OutputLine> {
  for await (const line of lines.read(isLast, upTo)) yield { channel: 'transcript', by: lines.by, line };
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
