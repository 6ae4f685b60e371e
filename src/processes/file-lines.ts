import { open, type FileHandle } from 'node:fs/promises';

const chunkBytes = 64 * 1024;
/** What is longer is no event of an agent; its rest is left out. */
const longestLineBytes = 8 * 1024 * 1024;

/** The lines of a file that is being written, each of them once. */
export class FileLines {
  readonly #path: string;
  #file: FileHandle | undefined;
  #at: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** When what was read last was written at the latest. */
  by = 0;

  constructor(path: string, from = 0) {
    this.#path = path;
    this.#at = from;
  }

  /** Those that are there, up to a byte of it. With `isLast` the last one may be without its end. */
  async *read(isLast: boolean, upTo = Number.MAX_SAFE_INTEGER): AsyncGenerator<string> {
    this.#file ??= await open(this.#path, 'r').catch(() => undefined);
    const buffer = Buffer.allocUnsafe(chunkBytes);
    while (this.#file !== undefined && this.#at < upTo) {
      const { bytesRead } = await this.#file.read(buffer, 0, Math.min(chunkBytes, upTo - this.#at), this.#at);
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
      from = end + 1;
      yield this.#take();
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
