// A gateway with the accounts `a` and `b` of any vendor before that vendor's simulator, asked in each of its protocols.
import { asProviderId, type AccountId } from '../src/core/ids.ts';
import { accountId } from '../src/core/ids.ts';
import { issuePhantom } from '../src/book/phantoms.ts';
import { defaultPoolOf } from '../src/core/pool/pool.ts';
import type { EpochMs } from '../src/core/time.ts';
import type { GatewaySettings } from '../src/gateway/ports.ts';
import { startAnthropicSimulator } from '../src/simulator/anthropic/simulator.ts';
import { startGoogleSimulator } from '../src/simulator/google/simulator.ts';
import { startOpenAiSimulator } from '../src/simulator/openai/simulator.ts';
import { buildAccount, labelFrom } from './builders.ts';
import { openGateway, type OpenedGateway } from './open-gateway.ts';
import { temporaryFolder } from './temp-folder.ts';

/** A kind of account at a vendor, and how a client asks its main question. */
export type Vendor = {
  readonly provider: 'anthropic' | 'openai' | 'google';
  readonly kind: string;
  readonly door: string;
};

export const vendors = {
  anthropic: { provider: 'anthropic', kind: 'setup-token', door: 'anthropic' },
  'anthropic login': { provider: 'anthropic', kind: 'login', door: 'anthropic' },
  'openai key': { provider: 'openai', kind: 'api-key', door: 'openai' },
  'openai plan': { provider: 'openai', kind: 'plan-login', door: 'codex' },
  google: { provider: 'google', kind: 'api-key', door: 'gemini' },
} as const satisfies Record<string, Vendor>;

export type VendorName = keyof typeof vendors;

type Simulator = ReturnType<typeof startAnthropicSimulator | typeof startOpenAiSimulator | typeof startGoogleSimulator>;

export type VendorOptions = {
  readonly accounts?: readonly string[];
  readonly holdMs?: number;
  readonly settings?: Partial<GatewaySettings>;
  readonly scenario?: object;
  /** In place of the simulator. */
  readonly upstreamUrl?: string;
  /** Where the clock stands still but for `advance`; it runs when this is absent. */
  readonly frozenAt?: EpochMs;
};

export type VendorRig = AsyncDisposable &
  OpenedGateway & {
    readonly url: string;
    readonly token: string;
    readonly clock: () => EpochMs;
    readonly simulator: Simulator;
    readonly secrets: Map<AccountId, string>;
    id(label: string): AccountId;
    advance(byMs: number): void;
  };

export async function startVendorRig(name: VendorName, options: VendorOptions = {}): Promise<VendorRig> {
  await using opened = new AsyncDisposableStack();
  const vendor = vendors[name];
  const labels = options.accounts ?? ['a', 'b'];
  let aheadMs = 0;
  const clock = (): EpochMs => (options.frozenAt ?? Date.now()) + aheadMs;
  const folder = opened.use(temporaryFolder());
  const simulator = startSimulator(vendor, { labels, scenario: options.scenario, now: clock });
  opened.defer(() => simulator.stop());
  const provider = asProviderId(vendor.provider);
  const id = (label: string): AccountId => accountId(provider, labelFrom(label));
  const secrets = new Map(labels.map((label) => [id(label), secretOf(vendor, label)]));
  const accounts = labels.map((label) =>
    buildAccount(label, {
      id: id(label),
      provider,
      credential: vendor.kind,
      baseUrl: options.upstreamUrl ?? simulator.url,
      addedAt: clock(),
    }),
  );
  const gateway = await openGateway(opened, {
    folder: folder.path,
    clock,
    accounts,
    secrets,
    settings: options.settings,
  });
  const pool = defaultPoolOf(provider);
  const { token } = await issuePhantom(gateway.book, {
    provider,
    pool,
    origin: 'wrapper',
    holdMs: options.holdMs ?? 0,
  });
  const resources = opened.move();
  return {
    ...gateway,
    url: `http://127.0.0.1:${gateway.port}/${vendor.door}`,
    token,
    clock,
    simulator,
    secrets,
    id,
    advance: (byMs) => {
      aheadMs += byMs;
      gateway.book.wake();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A secret as the vault holds it. */
function secretOf({ provider, kind }: Vendor, label: string): string {
  if (provider === 'anthropic') {
    const accessToken = `sk-ant-oat01-test-${label}`;
    return kind === 'login' ? JSON.stringify({ accessToken, refreshToken: refreshTokenOf(label) }) : accessToken;
  }
  if (provider === 'google') return `AIza-test-${label}-0123456789`;
  if (kind === 'api-key') return `sk-test-${label}-0123456789`;
  return JSON.stringify({
    accessToken: 'at-test-ended',
    refreshToken: refreshTokenOf(label),
    accountId: `acct-${label}`,
    expiresAt: 1,
  });
}

function refreshTokenOf(label: string): string {
  return `rt-test-${label}`;
}

type Start = { readonly labels: readonly string[]; readonly scenario: object | undefined; readonly now: () => number };

function startSimulator(vendor: Vendor, { labels, scenario, now }: Start): Simulator {
  const keys = labels.map((name) => ({ name, secret: secretOf(vendor, name) }));
  switch (vendor.provider) {
    case 'anthropic': {
      const tokens = labels.map((name) => {
        const secret = `sk-ant-oat01-test-${name}`;
        return vendor.kind === 'login'
          ? { name, secret, login: { refreshToken: refreshTokenOf(name) } }
          : { name, secret };
      });
      return startAnthropicSimulator({ scenario: { credentials: tokens, ...scenario }, now });
    }
    case 'google':
      return startGoogleSimulator({ scenario: { credentials: keys, ...scenario }, now });
    case 'openai': {
      const plans = labels.map((name) => ({
        kind: 'plan' as const,
        name,
        accountId: `acct-${name}`,
        refreshToken: refreshTokenOf(name),
      }));
      const credentials = vendor.kind === 'api-key' ? keys : plans;
      return startOpenAiSimulator({ scenario: { credentials, ...scenario }, now });
    }
  }
}
