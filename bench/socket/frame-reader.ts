/** Takes the frames of a server as they arrive: the text as a range of a buffer that is valid during the call only. */
export type FrameSink = (bytes: Buffer, from: number, to: number) => void;

const [finalText, closeOpcode] = [0x81, 0x8];
const none = Buffer.alloc(0);

/**
 * Reads what a server sends on a WebSocket. Small on purpose, as the reader of answers is: whole texts only, and throws
 * for what is anything else.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  #partial: Buffer = none;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  push(arrived: Buffer): void {
    const bytes = this.#partial.length === 0 ? arrived : Buffer.concat([this.#partial, arrived]);
    this.#partial = none;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#frame(bytes, at);
      if (next === -1) {
        this.#partial = bytes.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** Reads one frame and returns where the next begins; -1 when more bytes are needed for it. */
  #frame(bytes: Buffer, at: number): number {
    if (bytes.length < at + 2) return -1;
    const first = bytes[at] as number;
    if ((first & 0xf) === closeOpcode) throw new Error('closed by the server');
    if (first !== finalText) throw new Error(`a frame that begins with ${first.toString(16)}`);
    const short = bytes[at + 1] as number;
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    if (bytes.length < start) return -1;
    const size =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (bytes.length < start + size) return -1;
    this.#sink(bytes, start, start + size);
    return start + size;
  }
}

/** Renders a text as a client sends it; a mask of zeros leaves it readable. */
export function clientText(text: string): Buffer {
  const payload = Buffer.from(text);
  const size = payload.length;
  const head = Buffer.alloc(size < 126 ? 6 : size < 65_536 ? 8 : 14);
  head[0] = finalText;
  head[1] = 0x80 | (size < 126 ? size : size < 65_536 ? 126 : 127);
  if (size >= 65_536) head.writeBigUInt64BE(BigInt(size), 2);
  else if (size >= 126) head.writeUInt16BE(size, 2);
  return Buffer.concat([head, payload]);
}
