const reset = '\u001bc';
/** One that was cut in two by chunks is found in the next. */
const longestSwitch = 7;

/** The latest output of a terminal, so much that whoever comes later sees where it is. */
export class KeptOutput {
  readonly #mostBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isWhole = true;
  #tail = '';
  #marksPastes = false;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Whether its process wants to be told what is pasted and what is typed (DEC private mode 2004). */
  get marksPastes(): boolean {
    return this.#marksPastes;
  }

  push(chunk: Uint8Array): void {
    const seen = this.#tail + Buffer.from(chunk).toString('latin1');
    this.#tail = seen.slice(-longestSwitch);
    const [on, off] = [seen.lastIndexOf('\u001b[?2004h'), seen.lastIndexOf('\u001b[?2004l')];
    if (on !== off) this.#marksPastes = on > off;
    this.#chunks.push(chunk.slice());
    this.#bytes += chunk.length;
    // As long as without the oldest there is enough.
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= this.#mostBytes) {
      this.#bytes -= this.#chunks.shift()?.length ?? 0;
      this.#isWhole = false;
    }
  }

  /** A full reset of the terminal, and what is kept from a clean point on: not from the middle of a sequence or a letter. */
  replay(): Uint8Array {
    const kept = Buffer.concat(this.#chunks);
    const from = this.#isWhole ? 0 : cleanPoint(kept);
    return Buffer.concat([Buffer.from(reset), kept.subarray(from)]);
  }

  /** What is kept, as text. */
  text(): string {
    return Buffer.from(this.replay()).toString('utf8');
  }
}

const escape = 0x1b;
const newline = 0x0a;

function cleanPoint(bytes: Buffer): number {
  const at = bytes.findIndex((byte) => byte === escape || byte === newline);
  if (at === -1) return bytes.length;
  return bytes[at] === newline ? at + 1 : at;
}
