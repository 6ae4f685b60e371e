import { open } from 'node:fs/promises';
import { hasCode } from '../lib/atomic-file.ts';

const mostBytes = 4 * 1024 * 1024;

type Lines = { readonly lines: readonly string[]; readonly cursor: number };

/**
 * Reads whole lines of a growing file: those after `cursor`, the byte at which an earlier call ended, or the last ones
 * of its last 4 MiB when it is null. A file that is shorter than the cursor has been rotated and is read from its start.
 */
export async function readLines(path: string, from: { cursor: number | null; lines: number }): Promise<Lines> {
  const { start, bytes } = await readFrom(path, from.cursor);
  const { lines, end } = splitLines(bytes);
  const texts = (some: readonly Line[]): string[] => some.map((line) => line.text);
  if (from.cursor === null) return { lines: texts(lines.slice(-from.lines)), cursor: start + end };
  const taken = lines.slice(0, from.lines);
  const takenEnd = taken.length === lines.length ? end : (taken.at(-1)?.end ?? 0);
  return { lines: texts(taken), cursor: start + takenEnd };
}

/** A line that is not empty, and the byte behind it. */
type Line = { readonly text: string; readonly end: number };

function splitLines(bytes: Buffer): { lines: readonly Line[]; end: number } {
  const lines: Line[] = [];
  let end = 0;
  for (let newline = bytes.indexOf(10); newline !== -1; newline = bytes.indexOf(10, end)) {
    if (newline > end) lines.push({ text: bytes.toString('utf8', end, newline), end: newline + 1 });
    end = newline + 1;
  }
  // A line that fills all that is read at once would never be passed.
  return { lines, end: end === 0 && bytes.length === mostBytes ? bytes.length : end };
}

async function readFrom(path: string, cursor: number | null): Promise<{ start: number; bytes: Buffer }> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const first = cursor !== null && cursor <= size ? cursor : 0;
    const start = cursor === null ? Math.max(0, size - mostBytes) : first;
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(size - start, mostBytes)),
      0,
      Math.min(size - start, mostBytes),
      start,
    );
    const bytes = buffer.subarray(0, bytesRead);
    if (cursor !== null || start === 0) return { start, bytes };
    // The first line of a cut text is half a line.
    const firstLine = bytes.indexOf(10) + 1;
    return { start: start + firstLine, bytes: bytes.subarray(firstLine) };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { start: 0, bytes: Buffer.alloc(0) };
    throw error;
  }
}
