import { describe, expect, test } from 'bun:test';
import {
  closeFrame,
  fragmentedText,
  type Frame,
  FrameReader,
  MalformedFrame,
  opcodes,
  textFrame,
} from './web-socket-frame.ts';

/** Masks a server's frame, as a client sends it. */
function masked(frame: Buffer): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const short = frame.readUInt8(1);
  const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
  const head = Buffer.from(frame.subarray(0, headBytes));
  head[1] = short | 0x80;
  const payload = frame.subarray(headBytes).map((byte, index) => byte ^ (mask[index & 3] ?? 0));
  return Buffer.concat([head, mask, payload]);
}

function read(pieces: readonly Buffer[]): Frame[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  }
  return frames;
}

describe('frames', () => {
  test.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('a text of %i bytes is read back', (sizeBytes) => {
    const frames = read([masked(textFrame('x'.repeat(sizeBytes)))]);
    expect(frames.map(({ fin, opcode, payload }) => [fin, opcode, payload.length])).toEqual([
      [true, opcodes.text, sizeBytes],
    ]);
  });

  test('they are the same wherever the bytes were split', () => {
    const bytes = Buffer.concat([
      masked(textFrame('größer')),
      masked(textFrame('y'.repeat(130))),
      masked(closeFrame(1000)),
    ]);
    const whole = read([bytes]);
    expect(whole).toHaveLength(3);
    for (let at = 1; at < bytes.length; at += 1) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
  });

  test('a fragmented text is one message with pings between its pieces', () => {
    const pieces = fragmentedText('abcdefg', 3);
    const seen: [boolean, number, string][] = [];
    let rest = pieces;
    while (rest.length > 0) {
      const sizeBytes = 2 + rest.readUInt8(1);
      const [frame] = read([masked(rest.subarray(0, sizeBytes))]);
      if (frame !== undefined) seen.push([frame.fin, frame.opcode, frame.payload.toString()]);
      rest = rest.subarray(sizeBytes);
    }
    expect(seen).toEqual([
      [false, opcodes.text, 'abc'],
      [true, opcodes.ping, 'between'],
      [false, opcodes.continuation, 'def'],
      [true, opcodes.ping, 'between'],
      [true, opcodes.continuation, 'g'],
    ]);
  });

  test.each([
    ['without a mask', textFrame('x')],
    ['with a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
    ['of more than it may hold', Buffer.from([0x81, 0xff, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ])('a frame %s is malformed', (_, bytes) => {
    expect(() => read([bytes])).toThrow(MalformedFrame);
  });
});
