import type { Way } from '../process/daemon.ts';
import { responsesBody } from '../protocol/responses.ts';
import { SocketConnection } from './connection.ts';
import { clientText } from './frame-reader.ts';

/** Asks once on a WebSocket of its own: the texts of the answer's frames, after a look at whether they are complete. */
export async function askSocket(way: Way, words: number): Promise<Buffer[]> {
  const connection = new SocketConnection();
  const frames: Buffer[] = [];
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  await connection.open(way, {
    frame(bytes, from, to) {
      frames.push(Buffer.from(bytes.subarray(from, to)));
      if (typeOf(frames.at(-1)) === 'response.completed') resolve();
    },
    lost: (why) => reject(new Error(why)),
  });
  const body = responsesBody({ streamed: true, prompt: 'reference', session: 'reference' });
  connection.send(clientText(JSON.stringify({ type: 'response.create', ...body })));
  await ended;
  connection.close();
  const deltas = frames.filter((frame) => typeOf(frame) === 'response.output_text.delta').length;
  if (deltas !== words) throw new Error(`the upstream itself answers with ${deltas} deltas instead of ${words}`);
  return frames;
}

function typeOf(frame: Buffer | undefined): string | undefined {
  return (JSON.parse(frame?.toString() ?? '{}') as { type?: string }).type;
}
