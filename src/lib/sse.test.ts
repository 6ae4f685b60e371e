import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { readFrame, type SseFrame } from './sse.ts';

/** All frames that the bytes hold, one after the other. */
function framesOf(bytes: Buffer): SseFrame[] {
  const frames: SseFrame[] = [];
  for (let frame = readFrame(bytes, 0); frame !== null; frame = readFrame(bytes, frame.end)) frames.push(frame);
  return frames;
}

const told = (text: string) => framesOf(Buffer.from(text)).map(({ name, data }) => [name, data]);

describe('a server-sent event', () => {
  test.each<[string, string, string[][]]>([
    ['with a name and data', 'event: ping\ndata: {"type": "ping"}\n\n', [['ping', '{"type": "ping"}']]],
    ['with lines that end in CRLF', 'event: ping\r\ndata: {}\r\n\r\n', [['ping', '{}']]],
    ['with both kinds of line ends', 'event: ping\r\ndata: {}\n\r\n', [['ping', '{}']]],
    ['without a space after the colon', 'event:ping\ndata:{}\n\n', [['ping', '{}']]],
    ['with two spaces, of which one belongs to the data', 'data:  x\n\n', [['', ' x']]],
    ['with data only', 'data: [DONE]\n\n', [['', '[DONE]']]],
    ['with a name only', 'event: ping\n\n', [['ping', '']]],
    ['with its name after its data', 'data: x\nevent: late\n\n', [['late', 'x']]],
    ['with two names, of which the last counts', 'event: one\nevent: two\ndata: x\n\n', [['two', 'x']]],
    ['with data of several lines', 'data: one\ndata:\ndata: three\n\n', [['', 'one\n\nthree']]],
    ['with a comment', ': keep alive\n\n', [['', '']]],
    ['with a comment between its lines', 'event: ping\n: comment\ndata: x\n\n', [['ping', 'x']]],
    ['with other fields', 'id: 7\nretry: 100\nunknown: y\ndata: x\n\n', [['', 'x']]],
    ['with fields of longer names', 'events: a\ndatas: b\ndata: x\n\n', [['', 'x']]],
    ['with a colon in its data', 'data: a: b\n\n', [['', 'a: b']]],
    ['with letters of several bytes', 'data: ä€🚀\n\n', [['', 'ä€🚀']]],
    ['after an empty line', '\nevent: ping\ndata: x\n\n', [['ping', 'x']]],
    [
      'after several empty lines',
      '\n\n\nevent: ping\ndata: x\n\n',
      [
        ['', ''],
        ['ping', 'x'],
      ],
    ],
    [
      'before another',
      'data: one\n\ndata: two\n\n',
      [
        ['', 'one'],
        ['', 'two'],
      ],
    ],
    ['before one that has not ended', 'data: one\n\ndata: two\n', [['', 'one']]],
  ])('%s is read', (_, text, frames) => {
    expect(told(text)).toEqual(frames);
  });

  // Nobody sends it, and it cannot be told from half a CRLF until the next byte: the gate's bounds let such a stream pass.
  test.each([
    [''],
    ['data: x'],
    ['data: x\n'],
    ['data: x\r\n\r'],
    ['data: x\r\r'],
    ['event: error\rdata: x\r\rdata: y\r\r'],
  ])('is not there yet in %j', (text) => {
    expect(readFrame(Buffer.from(text), 0)).toBeNull();
  });

  test('is read from where it starts', () => {
    expect(readFrame(Buffer.from('data: one\n\ndata: two\n\nrest'), 11)).toEqual({ name: '', data: 'two', end: 22 });
  });
});

describe('the framing of a stream', () => {
  const word = fc.stringMatching(/^[a-z_]{1,12}$/);
  const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((each) => each.replace(/[\r\n]/g, ' '));
  const written = fc
    .record({
      name: fc.option(word, { nil: null }),
      data: fc.array(line, { maxLength: 3 }),
      comment: fc.option(line, { nil: null }),
      lineEnd: fc.constantFrom('\n', '\r\n'),
    })
    // An event without any line is a blank line, which is no event.
    .filter((each) => each.name !== null || each.data.length > 0 || each.comment !== null)
    .map(({ name, data, comment, lineEnd }) => {
      const lines = [
        ...(comment === null ? [] : [`:${comment}`]),
        ...(name === null ? [] : [`event: ${name}`]),
        ...data.map((each) => `data: ${each}`),
      ];
      return {
        bytes: Buffer.from(lines.map((each) => each + lineEnd).join('') + lineEnd),
        name: name ?? '',
        data: data.join('\n'),
      };
    });

  test('gives back what was written', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 5 }), (events) => {
        const frames = framesOf(Buffer.concat(events.map((each) => each.bytes)));
        expect(frames.map(({ name, data }) => ({ name, data }))).toEqual(
          events.map(({ name, data }) => ({ name, data })),
        );
      }),
    );
  });

  test('survives a split at every byte', () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 4 }), (events) => {
        const stream = Buffer.concat(events.map((each) => each.bytes));
        const whole = framesOf(stream);
        expect(whole.at(-1)?.end).toBe(stream.length);
        for (let split = 0; split <= stream.length; split += 1) {
          // What has ended before the split is the same as in the whole, and the rest is read when the rest is there.
          const early = framesOf(stream.subarray(0, split));
          expect(early).toEqual(whole.filter((each) => each.end <= split));
          const from = early.at(-1)?.end ?? 0;
          const late = framesOf(stream.subarray(from)).map((each) => ({ ...each, end: each.end + from }));
          expect([...early, ...late]).toEqual(whole);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('always goes forward, whatever the bytes', () => {
    const noise = fc.array(fc.constantFrom('\n', '\r', '\r\n', 'data:', 'event:', ':', ' ', 'x', '\0', 'ÿ'), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(noise, (parts) => {
        const bytes = Buffer.from(parts.join(''), 'latin1');
        const ends = [0, ...framesOf(bytes).map((each) => each.end)];
        expect(ends).toEqual(ends.toSorted((a, b) => a - b));
        expect(new Set(ends).size).toBe(ends.length);
        expect(ends.at(-1)).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
