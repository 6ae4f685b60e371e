/** Frames of RFC 6455, as far as a server meets them. */
export const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

type Opcode = (typeof opcodes)[keyof typeof opcodes];

export interface Frame {
  readonly fin: boolean;
  readonly opcode: number;
  /** Unmasked. */
  readonly payload: Buffer;
}

/** Bytes that break RFC 6455; the connection cannot go on after it. */
export class MalformedFrame extends Error {}

const finBit = 0x80;
const maskBit = 0x80;
const reservedBits = 0x70;
const mostPayloadBytes = 64 * 1024 * 1024;

/** Cuts a client's bytes into frames, wherever they were split. */
export class FrameReader {
  private held: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): void {
    this.held = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes]);
  }

  /** Returns the next complete frame; throws `MalformedFrame`. */
  next(): Frame | undefined {
    const head = readHead(this.held);
    if (head === undefined || this.held.length < head.end) return undefined;
    const payload = unmask(this.held.subarray(head.start, head.end), head.mask);
    this.held = this.held.subarray(head.end);
    return { fin: head.fin, opcode: head.opcode, payload };
  }
}

interface FrameHead {
  readonly fin: boolean;
  readonly opcode: number;
  readonly mask: Buffer;
  readonly start: number;
  readonly end: number;
}

function readHead(bytes: Buffer): FrameHead | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  if ((first & reservedBits) !== 0) throw new MalformedFrame('a reserved bit is set');
  if ((second & maskBit) === 0) throw new MalformedFrame('a client masks its frames');
  const size = readSize(bytes, second & 0x7f);
  if (size === undefined || bytes.length < size.end + 4) return undefined;
  if (size.bytes > mostPayloadBytes) throw new MalformedFrame('the frame is too large');
  const start = size.end + 4;
  const mask = bytes.subarray(size.end, start);
  return { fin: (first & finBit) !== 0, opcode: first & 0x0f, mask, start, end: start + size.bytes };
}

function readSize(bytes: Buffer, short: number): { bytes: number; end: number } | undefined {
  if (short < 126) return { bytes: short, end: 2 };
  const end = short === 126 ? 4 : 10;
  if (bytes.length < end) return undefined;
  return { bytes: short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)), end };
}

function unmask(payload: Buffer, mask: Buffer): Buffer {
  const plain = Buffer.alloc(payload.length);
  for (let index = 0; index < payload.length; index += 1) {
    plain[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  }
  return plain;
}

/** Renders a frame of a server, which does not mask. */
export function renderFrame(opcode: Opcode, payload: Uint8Array, fin = true): Buffer {
  const first = (fin ? finBit : 0) | opcode;
  return Buffer.concat([Buffer.from([first, ...sizeBytes(payload.length)]), payload]);
}

export function textFrame(text: string): Buffer {
  return renderFrame(opcodes.text, Buffer.from(text));
}

/** Renders a close; a code of undefined leaves the reason out as well. */
export function closeFrame(code?: number, reason = ''): Buffer {
  if (code === undefined) return renderFrame(opcodes.close, Buffer.alloc(0));
  const status = Buffer.alloc(2);
  status.writeUInt16BE(code);
  return renderFrame(opcodes.close, Buffer.concat([status, Buffer.from(reason)]));
}

/** Renders one text as frames of `sizeBytes` each, with a ping between every two. */
export function fragmentedText(text: string, pieceBytes: number): Buffer {
  const bytes = Buffer.from(text);
  const frames: Buffer[] = [];
  for (let start = 0; start < bytes.length || start === 0; start += pieceBytes) {
    const last = start + pieceBytes >= bytes.length;
    const opcode = start === 0 ? opcodes.text : opcodes.continuation;
    frames.push(renderFrame(opcode, bytes.subarray(start, start + pieceBytes), last));
    if (!last) frames.push(renderFrame(opcodes.ping, Buffer.from('between')));
  }
  return Buffer.concat(frames);
}

function sizeBytes(size: number): number[] {
  if (size < 126) return [size];
  if (size < 65_536) return [126, size >> 8, size & 0xff];
  const long = Buffer.alloc(8);
  long.writeBigUInt64BE(BigInt(size));
  return [127, ...long];
}
