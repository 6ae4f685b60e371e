import { open, readFile, type FileHandle } from 'node:fs/promises';
import type { OutputLine, RunFiles } from '../supervisor/ports.ts';

const chunkBytes = 64 * 1024;
/** What is longer is no event of an agent; its rest is left out. */
const longestLineBytes = 8 * 1024 * 1024;
const soonestMs = 50;
const latestMs = 400;

/** Lines of both channels as they are written. A last line without its end comes when the process has ended. */
export async function* readOutput(
  files: RunFiles,
  ended: Promise<unknown>,
  signal: AbortSignal,
): AsyncGenerator<OutputLine> {
  const channels = [new Lines('stdout', files.stdout), new Lines('stderr', files.stderr)];
  const transcripts = new Transcripts(files.transcripts);
  let over = false;
  const end = (): void => void (over = true);
  void ended.then(end, end);
  let pauseMs = soonestMs;
  try {
    for (;;) {
      const isLast = over;
      let came = false;
      for (const path of await transcripts.begun()) channels.push(path);
      for await (const line of readAll(channels, isLast)) {
        came = true;
        yield line;
      }
      if (isLast || signal.aborted) return;
      pauseMs = came ? soonestMs : Math.min(pauseMs * 2, latestMs);
      await Promise.race([Bun.sleep(pauseMs), ended.catch(() => undefined)]);
    }
  } finally {
    await Promise.all(channels.map((each) => each.close()));
  }
}

async function* readAll(channels: readonly Lines[], isLast: boolean): AsyncGenerator<OutputLine> {
  for (const channel of channels)
    for await (const line of channel.read(isLast)) yield { channel: channel.name, by: channel.by, ...line };
}

/** The transcripts that an agent on a terminal has begun, or gone on with, each of them once. */
class Transcripts {
  readonly #path: string;
  readonly #known = new Set<string>();

  constructor(path: string) {
    this.#path = path;
  }

  async begun(): Promise<readonly Lines[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      const [, from = '', path = ''] = /^(\d{1,15}) (.+)$/.exec(line) ?? [];
      if (path === '' || this.#known.has(path)) return [];
      this.#known.add(path);
      return [new Lines('transcript', path, Number(from))];
    });
  }
}

class Lines {
  readonly name: OutputLine['channel'];
  readonly #path: string;
  #file: FileHandle | undefined;
  #at: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** When what was read last was written at the latest. */
  by = 0;

  constructor(name: OutputLine['channel'], path: string, from = 0) {
    this.name = name;
    this.#path = path;
    this.#at = from;
  }

  async *read(isLast: boolean): AsyncGenerator<Pick<OutputLine, 'line' | 'more'>> {
    this.#file ??= await open(this.#path, 'r').catch(() => undefined);
    const buffer = Buffer.allocUnsafe(chunkBytes);
    while (this.#file !== undefined) {
      const { bytesRead } = await this.#file.read(buffer, 0, chunkBytes, this.#at);
      if (bytesRead === 0) break;
      this.#at += bytesRead;
      const { mtimeMs, size } = await this.#file.stat();
      this.by = Math.ceil(mtimeMs);
      yield* this.#split(buffer.subarray(0, bytesRead), size > this.#at);
    }
    if (isLast && this.#restBytes > 0) yield { line: this.#take() };
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  /** `follows`: there is more of the file than this. */
  *#split(chunk: Buffer, follows: boolean): Generator<Pick<OutputLine, 'line' | 'more'>> {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      this.#keep(chunk.subarray(from, end));
      from = end + 1;
      yield { line: this.#take(), ...(follows || chunk.includes(0x0a, from) ? { more: true } : {}) };
    }
    this.#keep(chunk.subarray(from));
  }

  #keep(bytes: Buffer): void {
    const room = longestLineBytes - this.#restBytes;
    if (bytes.length === 0 || room <= 0) return;
    const kept = Buffer.from(bytes.subarray(0, room));
    this.#rest.push(kept);
    this.#restBytes += kept.length;
  }

  /** Bytes that are no UTF-8 become the replacement character. */
  #take(): string {
    const line = Buffer.concat(this.#rest).toString('utf8');
    this.#rest = [];
    this.#restBytes = 0;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}
