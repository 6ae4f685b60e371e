import type { Way } from '../process/daemon.ts';
import { SocketConnection } from './connection.ts';

export type SocketLoop = {
  readonly way: Way;
  readonly request: Buffer;
  readonly expected: Buffer;
  readonly tally: SocketTally;
};

/** What all loops of a run count in. */
export type SocketTally = {
  phase: 'warm' | 'measure' | 'end';
  frames: number;
  /** Of every frame; null where they are only counted. */
  readonly frameMs: number[] | null;
  failures: number;
  firstFailure: string | null;
};

/** Asks on one WebSocket until the tally says the end; compares every byte of every answer. Resolves after its last answer. */
export async function runSocketLoop({ way, request, expected, tally }: SocketLoop): Promise<void> {
  const connection = new SocketConnection();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let open = true;
  let offset = 0;
  let sentAt = 0;

  function send(): void {
    offset = 0;
    sentAt = performance.now();
    connection.send(request);
  }
  function stop(why: string | null): void {
    if (!open) return;
    open = false;
    if (why !== null) {
      tally.failures += 1;
      tally.firstFailure ??= why;
    }
    connection.close();
    end();
  }
  await connection.open(way, {
    frame(bytes, from, to) {
      const size = to - from;
      const differs = offset + size > expected.length || bytes.compare(expected, offset, offset + size, from, to) !== 0;
      // Nobody could tell where the next answer begins.
      if (differs)
        return stop(`other frames after ${offset}: ${bytes.toString('latin1', from, Math.min(to, from + 300))}`);
      offset += size;
      if (tally.phase === 'measure') {
        tally.frames += 1;
        tally.frameMs?.push(performance.now() - sentAt);
      }
      if (offset < expected.length) return;
      if (tally.phase === 'end') stop(null);
      else send();
    },
    lost: stop,
  });
  send();
  await ended;
}
