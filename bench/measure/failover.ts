import { Client, headerOf, type Answer } from '../http/client.ts';
import { messageRequest } from '../http/message-request.ts';
import type { Way } from '../process/daemon.ts';
import { spreadOf, type Spread } from '../statistics.ts';
import { accountsNamed, completeDeltas, secretOf, setScene } from './scene.ts';

export type Failover = {
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
export async function measureFailover(folder: string, rounds: number): Promise<Failover> {
  await using scene = await setScene(folder, ['a', 'b']);
  const { daemon, upstream } = scene;
  const over = await daemon.addPool({
    name: 'over',
    strategy: 'priority',
    accounts: accountsNamed(['a', 'b']),
    baseUrl: upstream.url,
  });
  await daemon.call('pool.create', { pool: 'free', accounts: ['b'] });
  const { token } = (await daemon.call('phantom.issue', { agent: 'claude', pool: 'free', origin: 'wrapper' })) as {
    token: string;
  };
  const requests = {
    free: requestOf({ ...over, token }),
    refused: requestOf({ token: secretOf('a'), target: { port: upstream.port, path: '/v1/messages' } }, true),
  };
  const clients = { gateway: new Client(over.target.port), upstream: new Client(upstream.port) };
  await Promise.all([clients.gateway.open(), clients.upstream.open()]);

  const times = { free: [] as number[], over: [] as number[], refused: [] as number[] };
  let wrong = 0;
  for (let round = 0; round < warmRounds + rounds; round += 1) {
    await upstream.change('a', { windows: [{ name: 'five_hour', used: 0 }] });
    await daemon.call('account.clear', { account: 'a' });
    // A session of its own: one that has moved to b stays there.
    const request = requestOf(over);
    const before = await clients.gateway.ask(request);
    await upstream.change('a', { windows: [{ name: 'five_hour', used: 'all' }] });
    const free = await clients.gateway.ask(requests.free);
    const fault = await clients.gateway.ask(request);
    const refused = await clients.upstream.ask(requests.refused);
    const right =
      isServed(before, 'a', 1) && isServed(free, 'b', 1) && isServed(fault, 'b', 2) && refused.status === 429;
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
    faultFreeMs,
    failoverMs,
    refusalMs,
    ownMs: failoverMs.median - faultFreeMs.median - refusalMs.median,
    wrong,
  };
}

function requestOf({ target, token }: Way, direct = false): Buffer {
  return messageRequest(target, {
    streamed: true,
    prompt: `[[words:${deltas}]]`,
    token,
    session: crypto.randomUUID(),
    direct,
  });
}

function isServed({ status, head, body }: Answer, account: string, tries: number): boolean {
  const told =
    headerOf(head, 'stint-tries') === String(tries) && headerOf(head, 'stint-account') === `anthropic/${account}`;
  return status === 200 && told && completeDeltas(body) === deltas;
}
