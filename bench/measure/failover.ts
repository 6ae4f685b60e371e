import { Client, headerOf, type Answer } from '../http/client.ts';
import type { Way } from '../process/daemon.ts';
import type { Protocol } from '../protocol/protocol.ts';
import { spreadOf, type Spread } from '../statistics.ts';
import { setScene } from './scene.ts';

export type Failover = {
  readonly protocol: string;
  readonly faultFreeMs: Spread;
  readonly failoverMs: Spread;
  /** The refused request, asked of the upstream directly: what a failover costs whoever makes it. */
  readonly refusalMs: Spread;
  /** Medians: failover less fault-free less refusal. */
  readonly ownMs: number;
  readonly wrong: number;
};

const deltas = 20;
const warmRounds = 100;

/**
 * Takes turns: the next request of a session on account b, the next one of a session whose account a has been used up
 * since, and the same refusal without a gateway.
 */
export async function measureFailover(folder: string, protocol: Protocol, rounds: number): Promise<Failover> {
  await using scene = await setScene(folder, { protocol, names: ['a', 'b'] });
  const { daemon, upstream } = scene;
  const over = await daemon.addPool({
    protocol,
    name: 'over',
    strategy: 'priority',
    labels: ['a', 'b'],
    baseUrl: upstream.url,
  });
  await daemon.call('pool.create', { pool: 'free', accounts: ['b'] });
  const direct = { port: upstream.port, base: '', token: protocol.secretOf('a') };
  const requests = {
    free: requestOf(protocol, await daemon.wayTo(protocol, 'free')),
    refused: requestOf(protocol, direct, true),
  };
  const clients = { gateway: new Client(over.port), upstream: new Client(upstream.port) };
  await Promise.all([clients.gateway.open(), clients.upstream.open()]);

  const times = { free: [] as number[], over: [] as number[], refused: [] as number[] };
  let wrong = 0;
  for (let round = 0; round < warmRounds + rounds; round += 1) {
    await upstream.use('a', { name: protocol.window, used: 0 });
    await daemon.call('account.clear', { account: 'a' });
    // A session of its own: one that has moved to b stays there.
    const request = requestOf(protocol, over);
    const before = await clients.gateway.ask(request);
    await upstream.use('a', { name: protocol.window, used: 'all' });
    const free = await clients.gateway.ask(requests.free);
    const fault = await clients.gateway.ask(request);
    const refused = await clients.upstream.ask(requests.refused);
    const right =
      isServedBy('a', before, 1) && isServedBy('b', free, 1) && isServedBy('b', fault, 2) && refused.status === 429;
    if (!right) wrong += 1;
    if (round < warmRounds) continue;
    times.over.push(fault.totalMs);
    times.free.push(free.totalMs);
    times.refused.push(refused.totalMs);
  }
  clients.gateway.close();
  clients.upstream.close();
  const [failoverMs, faultFreeMs, refusalMs] = [spreadOf(times.over), spreadOf(times.free), spreadOf(times.refused)];
  return {
    protocol: protocol.title,
    faultFreeMs,
    failoverMs,
    refusalMs,
    ownMs: failoverMs.median - faultFreeMs.median - refusalMs.median,
    wrong,
  };

  function isServedBy(account: string, { status, head, body }: Answer, tries: number): boolean {
    const id = `${protocol.provider}/${account}`;
    const told = headerOf(head, 'stint-tries') === String(tries) && headerOf(head, 'stint-account') === id;
    return status === 200 && told && protocol.completeDeltas(body) === deltas;
  }
}

function requestOf(protocol: Protocol, way: Way, direct = false): Buffer {
  const prompt = `[[words:${deltas}]]`;
  return protocol.request(way, { streamed: true, prompt, session: crypto.randomUUID(), direct });
}
