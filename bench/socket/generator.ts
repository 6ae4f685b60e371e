/** The load generator for WebSockets: a process of its own, that runs what its parent asks for, one run at a time. */
import { readFileSync } from 'node:fs';
import { responsesBody } from '../protocol/responses.ts';
import { words } from '../protocol/protocol.ts';
import { quantile } from '../statistics.ts';
import { clientText } from './frame-reader.ts';
import { runSocketLoop, type SocketTally } from './loop.ts';
import type { SocketRan, SocketRun } from './run.ts';

process.on('message', (run: SocketRun) => void perform(run).then((ran) => process.send?.(ran)));

async function perform({ way, promptBytes, expected, connections, warmMs, measureMs }: SocketRun): Promise<SocketRan> {
  const tally: SocketTally = {
    phase: 'warm',
    frames: 0,
    // To keep the times of many connections would cost as much as their frames.
    frameMs: connections === 1 ? [] : null,
    failures: 0,
    firstFailure: null,
  };
  const bytes = readFileSync(expected);
  const loops = Array.from({ length: connections }, (_, index) =>
    runSocketLoop({ way, request: socketRequest(promptBytes, index), expected: bytes, tally }),
  );
  await Bun.sleep(warmMs);
  tally.phase = 'measure';
  const from = performance.now();
  await Bun.sleep(measureMs);
  tally.phase = 'end';
  const elapsedMs = performance.now() - from;
  await Promise.all(loops);
  const sorted = (tally.frameMs ?? []).toSorted((a, b) => a - b);
  return {
    framesPerSecond: (tally.frames * 1000) / elapsedMs,
    frameP50Ms: quantile(sorted, 0.5),
    failures: tally.failures,
    firstFailure: tally.firstFailure,
  };
}

function socketRequest(promptBytes: number, index: number): Buffer {
  const session = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  const body = responsesBody({ streamed: true, prompt: words(promptBytes), session });
  return clientText(JSON.stringify({ type: 'response.create', ...body }));
}
