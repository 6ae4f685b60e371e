import { Client, type Answer } from '../http/client.ts';
import { residentBytes } from '../process/child.ts';
import type { Way } from '../process/daemon.ts';
import { messages } from '../protocol/messages.ts';
import { setScene } from './scene.ts';

export type Streams = {
  readonly streams: number;
  /** Of the daemon: warm but without open requests, with all open, and the most that was seen. */
  readonly beforeBytes: number;
  readonly openBytes: number;
  readonly peakBytes: number;
  /** At the moment of `openBytes`: streams that had begun and not ended. */
  readonly openAtOnce: number;
  /** Streams without their end, or with too few deltas. */
  readonly lost: number;
};

const deltaDelayMs = 500;
const batch = 100;
const warmRequests = 200;

/** Opens slow streams, each of a session of its own, and looks at the daemon's memory until the last has ended. */
export async function measureStreams(folder: string, plan: { streams: number; deltas: number }): Promise<Streams> {
  await using scene = await setScene(folder, { protocol: messages, names: ['a'], deltaDelayMs });
  const { daemon, upstream } = scene;
  const way = await daemon.addPool({
    protocol: messages,
    name: 'slow',
    strategy: 'sticky',
    labels: ['a'],
    baseUrl: upstream.url,
  });
  await Promise.all(Array.from({ length: warmRequests }, () => stream(way, 1)));
  const { pid } = daemon.file;
  const beforeBytes = residentBytes(pid);

  let begun = 0;
  let ended = 0;
  let peakBytes = beforeBytes;
  const sampler = setInterval(() => (peakBytes = Math.max(peakBytes, residentBytes(pid))), 250);
  const { promise: allBegun, resolve: lastBegun } = Promise.withResolvers<void>();
  const answers: Promise<Answer | undefined>[] = [];
  for (let index = 0; index < plan.streams; index += 1) {
    const begin = (): void => void ((begun += 1) === plan.streams && lastBegun());
    const answer = stream(way, plan.deltas, begin).catch(() => undefined);
    answers.push(answer.finally(() => (ended += 1)));
    if (index % batch === batch - 1) await Bun.sleep(20);
  }
  await Promise.race([allBegun, Promise.all(answers)]);
  const openAtOnce = begun - ended;
  const openBytes = residentBytes(pid);
  const complete = (await Promise.all(answers)).filter(
    (answer) => answer?.status === 200 && messages.completeDeltas(answer.body) === plan.deltas,
  );
  clearInterval(sampler);
  peakBytes = Math.max(peakBytes, openBytes);
  return { streams: plan.streams, beforeBytes, openBytes, peakBytes, openAtOnce, lost: plan.streams - complete.length };
}

async function stream(way: Way, deltas: number, begun: () => void = () => undefined): Promise<Answer> {
  const client = new Client(way.port, begun);
  await client.open();
  try {
    const prompt = `[[words:${deltas}]]`;
    return await client.ask(messages.request(way, { streamed: true, prompt, session: crypto.randomUUID() }));
  } finally {
    client.close();
  }
}
