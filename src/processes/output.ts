import { open, type FileHandle } from 'node:fs/promises';
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
  let over = false;
  const end = (): void => void (over = true);
  void ended.then(end, end);
  let pauseMs = soonestMs;
  try {
    for (;;) {
      const isLast = over;
      let came = false;
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
    for await (const line of channel.read(isLast)) yield { channel: channel.name, line, by: channel.by };
}

class Lines {
  readonly name: OutputLine['channel'];
  readonly #path: string;
  #file: FileHandle | undefined;
  #at = 0;
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** When what was read last was written at the latest. */
  by = 0;

  constructor(name: OutputLine['channel'], path: string) {
    this.name = name;
    this.#path = path;
  }

  async *read(isLast: boolean): AsyncGenerator<string> {
    this.#file ??= await open(this.#path, 'r').catch(() => undefined);
    const buffer = Buffer.allocUnsafe(chunkBytes);
    while (this.#file !== undefined) {
      const { bytesRead } = await this.#file.read(buffer, 0, chunkBytes, this.#at);
      if (bytesRead === 0) break;
      this.#at += bytesRead;
      this.by = Math.ceil((await this.#file.stat()).mtimeMs);
      yield* this.#split(buffer.subarray(0, bytesRead));
    }
    if (isLast && this.#restBytes > 0) yield this.#take();
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  *#split(chunk: Buffer): Generator<string> {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      this.#keep(chunk.subarray(from, end));
      yield this.#take();
      from = end + 1;
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
