/** Takes an answer as it arrives; `body` gets decoded bytes as a range of a buffer that is valid during the call only. */
export interface Sink {
  head(status: number, head: string): void;
  body(bytes: Buffer, from: number, to: number): void;
  end(): void;
}

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer';

const none = Buffer.alloc(0);

/**
 * Reads HTTP/1.1 answers, one after another, from a connection that is kept alive. Small on purpose: it shares two
 * cores with what it measures.
 */
export class ResponseReader {
  readonly #sink: Sink;
  #state: State = 'head';
  #left = 0;
  /** A head or a line that has not arrived to its end. */
  #partial: Buffer = none;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Whether the last answer is complete and nothing of another has come. */
  get idle(): boolean {
    return this.#state === 'head' && this.#partial.length === 0;
  }

  /** Throws for what is no answer that this reader knows. */
  push(arrived: Buffer): void {
    const bytes = this.#partial.length === 0 ? arrived : Buffer.concat([this.#partial, arrived]);
    this.#partial = none;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#step(bytes, at);
      if (next === -1) {
        this.#partial = bytes.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** Reads one piece and returns where the next begins; -1 when more bytes are needed for it. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes, at);
      case 'chunk-size':
        return this.#chunkSize(bytes, at);
      case 'chunk-end':
        if (bytes.length < at + 2) return -1;
        this.#state = 'chunk-size';
        return at + 2;
      case 'trailer':
        if (bytes.length < at + 2) return -1;
        this.#complete();
        return at + 2;
      case 'length':
      case 'chunk': {
        const to = Math.min(bytes.length, at + this.#left);
        this.#sink.body(bytes, at, to);
        this.#left -= to - at;
        if (this.#left > 0) return to;
        if (this.#state === 'length') this.#complete();
        else this.#state = 'chunk-end';
        return to;
      }
    }
  }

  #head(bytes: Buffer, at: number): number {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end === -1) return -1;
    const head = bytes.toString('latin1', at, end + 2);
    const status = Number(head.slice(9, 12));
    if (!head.startsWith('HTTP/1.1 ') || Number.isNaN(status)) throw new Error(`no answer: ${head.slice(0, 60)}`);
    this.#sink.head(status, head);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) {
      this.#left = Number(length);
      this.#state = 'length';
      if (this.#left === 0) this.#complete();
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = 'chunk-size';
    else throw new Error('an answer without a length');
    return end + 4;
  }

  #chunkSize(bytes: Buffer, at: number): number {
    let size = 0;
    for (let index = at; index < bytes.length; index += 1) {
      const byte = bytes[index] as number;
      if (byte === 0x0a) {
        this.#left = size;
        this.#state = size === 0 ? 'trailer' : 'chunk';
        return index + 1;
      }
      if (byte === 0x0d) continue;
      const digit = byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
      if (digit < 0 || digit > 15) throw new Error('a chunk size that is no number');
      size = size * 16 + digit;
    }
    return -1;
  }

  #complete(): void {
    this.#state = 'head';
    this.#sink.end();
  }
}
