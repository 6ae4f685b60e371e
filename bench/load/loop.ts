import { Connection } from '../http/connection.ts';
import type { Sink } from '../http/response-reader.ts';

export type Loop = {
  readonly port: number;
  readonly request: Buffer;
  readonly expected: Buffer;
  readonly tally: Tally;
};

/** What all loops of a run count in. */
export type Tally = {
  phase: 'warm' | 'measure' | 'end';
  readonly latenciesMs: number[];
  checked: number;
  failures: number;
  firstFailure: string | null;
};

/**
 * Asks again as soon as the answer is complete, until the tally says the end; compares every byte of every answer.
 * Resolves when its last answer has ended.
 */
export async function runLoop({ port, request, expected, tally }: Loop): Promise<void> {
  const connection = new Connection();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let open = true;
  let offset = 0;
  let wrong: string | null = null;
  let sentAt = 0;

  function send(): void {
    offset = 0;
    wrong = null;
    sentAt = performance.now();
    connection.send(request);
  }
  function fail(why: string): void {
    tally.failures += 1;
    tally.firstFailure ??= why;
  }
  const sink: Sink & { lost(why: string): void } = {
    head(status) {
      if (status !== 200) wrong = `status ${status}`;
    },
    body(bytes, from, to) {
      const size = to - from;
      const differs = offset + size > expected.length || bytes.compare(expected, offset, offset + size, from, to) !== 0;
      if (differs) wrong ??= `other bytes after ${offset}: ${bytes.toString('latin1', from, Math.min(to, from + 200))}`;
      offset += size;
    },
    end() {
      tally.checked += 1;
      if (wrong === null && offset !== expected.length) wrong = `${offset} bytes instead of ${expected.length}`;
      if (wrong !== null) fail(wrong);
      else if (tally.phase === 'measure') tally.latenciesMs.push(performance.now() - sentAt);
      if (tally.phase !== 'end') return send();
      open = false;
      connection.close();
      end();
    },
    lost(why) {
      if (open) fail(why);
      open = false;
      end();
    },
  };
  await connection.open(port, sink);
  send();
  await ended;
}
