// A gateway whose accounts are OpenAI's, with the simulator or another upstream behind it, and clients on WebSockets.
import { issuePhantom } from '../src/book/phantoms.ts';
import { savePool } from '../src/book/roster.ts';
import { accountId, type AccountId } from '../src/core/ids.ts';
import type { Pool } from '../src/core/pool/pool.ts';
import type { EpochMs } from '../src/core/time.ts';
import type { GatewaySettings } from '../src/gateway/ports.ts';
import { openai } from '../src/providers/openai/openai.ts';
import type { ScenarioInput } from '../src/simulator/openai/scenario.ts';
import { startOpenAiSimulator, type OpenAiSimulator } from '../src/simulator/openai/simulator.ts';
import { buildAccount, buildPool, labelFrom } from './builders.ts';
import { openGateway, type OpenedGateway } from './open-gateway.ts';
import { openSocket, type SocketClient, type Upgrade } from './socket-client.ts';
import { temporaryFolder } from './temp-folder.ts';

export type SocketRigOptions = {
  /** One account and one API key each, in this order; `a` and `b` when absent. */
  readonly accounts?: readonly string[];
  /** Logins of plans in place of the API keys. */
  readonly plans?: boolean;
  readonly scenario?: Omit<ScenarioInput, 'credentials'>;
  readonly settings?: Partial<GatewaySettings>;
  readonly pool?: Partial<Pool>;
  readonly holdMs?: number;
  /** In place of the simulator. */
  readonly upstreamUrl?: string;
};

export type SocketRig = AsyncDisposable &
  OpenedGateway & {
    readonly simulator: OpenAiSimulator;
    readonly url: string;
    readonly token: string;
    readonly clock: () => EpochMs;
    /** The vault: what is set here is the account's from then on. */
    readonly secrets: Map<AccountId, string>;
    /** Moves the clock of gateway, book and simulator, and lets everybody who waits look at it. */
    advance(byMs: number): void;
    /** Asks for a WebSocket and has it refused or not. */
    upgrade(headers?: Readonly<Record<string, string>>): Promise<SocketClient | Upgrade>;
    /** The same where it must not be refused. */
    connect(headers?: Readonly<Record<string, string>>): Promise<SocketClient>;
    /** Which credential each message went to so far, and whether it warmed the connection up. */
    sends(): string[];
  };

export function openaiId(label: string): AccountId {
  return accountId(openai.id, labelFrom(label));
}

export async function startSocketRig(options: SocketRigOptions = {}): Promise<SocketRig> {
  await using opened = new AsyncDisposableStack();
  const labels = options.accounts ?? ['a', 'b'];
  let aheadMs = 0;
  const clock = (): EpochMs => Date.now() + aheadMs;
  const folder = opened.use(temporaryFolder());
  const credentials = labels.map((name) =>
    options.plans === true
      ? { kind: 'plan' as const, name, accountId: `acct-test-${name}` }
      : { name, secret: `sk-test-${name}` },
  );
  const simulator = startOpenAiSimulator({ scenario: { credentials, ...options.scenario }, now: clock });
  opened.defer(() => simulator.stop());
  const baseUrl = options.upstreamUrl ?? simulator.url;
  const credential = options.plans === true ? 'plan-login' : 'api-key';
  const secretOf = (label: string): string =>
    options.plans === true ? JSON.stringify(simulator.login(label)) : `sk-test-${label}`;
  const secrets = new Map(labels.map((label) => [openaiId(label), secretOf(label)]));
  const gateway = await openGateway(opened, {
    folder: folder.path,
    clock,
    settings: options.settings,
    providers: new Map([[openai.id, openai]]),
    accounts: labels.map((label) =>
      buildAccount(label, {
        id: openaiId(label),
        provider: openai.id,
        credential,
        baseUrl,
        addedAt: clock(),
      }),
    ),
    secrets,
  });
  const { book, port } = gateway;
  const pool = { name: labelFrom('openai'), provider: openai.id, ...options.pool };
  await savePool(book, buildPool(labels.map(openaiId), pool));
  const { token } = await issuePhantom(book, {
    ...{ provider: openai.id, pool: pool.name, origin: 'wrapper', holdMs: options.holdMs ?? 0 },
  });
  const url = `http://127.0.0.1:${port}/openai/v1/responses`;
  const clients: SocketClient[] = [];
  opened.defer(() => clients.forEach(({ socket }) => socket.terminate()));
  const upgrade: SocketRig['upgrade'] = async (headers = {}) => {
    const answered = await openSocket(url, { authorization: `Bearer ${token}`, ...headers });
    if ('socket' in answered) clients.push(answered);
    return answered;
  };
  const resources = opened.move();
  return {
    ...gateway,
    ...{ simulator, url, token, clock, secrets, upgrade },
    advance: (byMs) => {
      aheadMs += byMs;
      book.wake();
    },
    connect: async (headers) => {
      const answered = await upgrade(headers);
      if ('socket' in answered) return answered;
      throw new Error(`the upgrade was refused: ${answered.status} ${answered.body}`);
    },
    sends: () =>
      simulator.requests
        .filter(({ via }) => via === 'frame' || via === 'warm-up')
        .map(({ credential }) => String(credential)),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
