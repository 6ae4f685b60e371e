import { Client, headerOf, type Answer } from '../http/client.ts';
import type { Way } from '../process/daemon.ts';
import { messages } from '../protocol/messages.ts';
import { setScene } from './scene.ts';

export type Herd = {
  readonly requests: number;
  /** Requests of the herd that reached the closed account at all: those that were under way when its first 429 came. */
  readonly reachedClosed: number;
  /** Of them, those that arrived later than `graceMs` after the gateway had read the first 429. */
  readonly reachedLate: number;
  /** Requests begun after the herd's first answer, which proves that the 429 had been read; and how many met the closed account. */
  readonly followers: number;
  readonly followersToClosed: number;
  /** From the first request sent until the last of the herd was served. */
  readonly servedMs: number;
  readonly firstServedMs: number;
  readonly failed: number;
};

/**
 * How long a request that left the gateway before the 429 was read may take to show at the upstream: its connection may
 * be new, and gateway, upstream and clients share the processor with the whole herd.
 */
const graceMs = 50;
const deltas = 20;

/**
 * Lets everybody meet account a's limit at once while b is open; each that is served asks once more. Every second one
 * comes as a new session, which has to be written down before it is sent.
 */
export async function measureHerd(folder: string, size: number): Promise<Herd> {
  await using scene = await setScene(folder, { protocol: messages, names: ['a', 'b'] });
  const { daemon, upstream } = scene;
  const way = await daemon.addPool({
    protocol: messages,
    name: 'herd',
    strategy: 'sticky',
    labels: ['a', 'b'],
    baseUrl: upstream.url,
  });
  const members = Array.from({ length: size }, () => ({
    client: new Client(way.port),
    request: requestOf(way),
  }));
  await Promise.all(members.map(({ client }) => client.open()));
  for (const { client, request } of members) await client.ask(request);
  await upstream.use('a', { name: messages.window, used: 'all' });

  const earlier = (await upstream.requests()).length;
  const from = performance.now();
  const served: number[] = [];
  const pairs = await Promise.all(
    members.map(async ({ client, request }, index) => {
      const first = await client.ask(index % 2 === 0 ? request : requestOf(way));
      served.push(performance.now() - from);
      const follower = await client.ask(request);
      client.close();
      return { first, follower };
    }),
  );
  const { limits } = (await daemon.call('account.show', { account: 'a' })) as { limits: { observedAt: number }[] };
  const closedAt = Math.min(...limits.map(({ observedAt }) => observedAt));
  const toClosed = (await upstream.requests()).slice(earlier).filter(({ credential }) => credential === 'a');
  return {
    requests: size,
    reachedClosed: toClosed.length,
    reachedLate: toClosed.filter(({ at }) => at > closedAt + graceMs).length,
    followers: pairs.length,
    followersToClosed: pairs.filter(({ follower }) => headerOf(follower.head, 'stint-tries') !== '1').length,
    servedMs: Math.max(...served),
    firstServedMs: Math.min(...served),
    failed: pairs.flatMap(({ first, follower }) => [first, follower]).filter((answer) => !isServedByB(answer)).length,
  };
}

function requestOf(way: Way): Buffer {
  return messages.request(way, { streamed: true, prompt: `[[words:${deltas}]]`, session: crypto.randomUUID() });
}

function isServedByB({ status, head, body }: Answer): boolean {
  return (
    status === 200 && headerOf(head, 'stint-account') === 'anthropic/b' && messages.completeDeltas(body) === deltas
  );
}
