/** The load generator: a process of its own, that runs what its parent asks for, one run at a time. */
import { readFileSync } from 'node:fs';
import { words } from '../protocol/protocol.ts';
import { protocolOf } from '../protocol/registry.ts';
import { quantile } from '../statistics.ts';
import { runLoop, type Tally } from './loop.ts';
import type { Ran, Run } from './run.ts';

const patienceMs = 4000;
const pollMs = 10;

process.on('message', (run: Run) => void perform(run).then((ran) => process.send?.(ran)));

async function perform(run: Run): Promise<Ran> {
  const expected = readFileSync(run.expected);
  const protocol = protocolOf(run.protocol);
  const prompt = words(run.promptBytes);
  const tally: Tally = { phase: 'warm', latenciesMs: [], checked: 0, failures: 0, firstFailure: null };
  const loops = Array.from({ length: run.connections }, (_, index) => {
    const session = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    const request = protocol.request(run.way, { streamed: run.streamed, prompt, session });
    return runLoop({ port: run.way.port, request, expected, tally });
  });
  await Bun.sleep(run.warmMs);
  tally.phase = 'measure';
  const from = performance.now();
  await Bun.sleep(run.measureMs);
  // Large answers come slowly: a rate needs some of them whatever the time.
  const longest = from + run.measureMs + patienceMs;
  while (tally.latenciesMs.length < 2 * run.connections && performance.now() < longest) await Bun.sleep(pollMs);
  tally.phase = 'end';
  const elapsedMs = performance.now() - from;
  const requests = tally.latenciesMs.length;
  await Promise.all(loops);
  if (requests === 0) {
    tally.failures += 1;
    tally.firstFailure ??= 'no answer in time';
  }
  const sorted = tally.latenciesMs.toSorted((a, b) => a - b);
  const { checked, failures, firstFailure } = tally;
  return {
    requests,
    elapsedMs,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    checked,
    failures,
    firstFailure,
  };
}
