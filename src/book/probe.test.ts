// Probes of each vendor's keys, asked of its simulator.
import { describe, expect, test } from 'bun:test';
import { openBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, buildPool, labelFrom } from '../../test/builders.ts';
import { listenHttp } from '../../test/gateway-rig.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { Account } from '../core/account/account.ts';
import { accountId, asProviderId } from '../core/ids.ts';
import { hourMs } from '../core/time.ts';
import { providers } from '../providers/registry.ts';
import { startAnthropicSimulator } from '../simulator/anthropic/simulator.ts';
import { startGoogleSimulator } from '../simulator/google/simulator.ts';
import { startOpenAiSimulator } from '../simulator/openai/simulator.ts';
import { Credentials } from './credentials.ts';
import { createProber, type Prober } from './probe.ts';
import { addAccount, savePool } from './roster.ts';

const secrets = { anthropic: 'sk-ant-api03-test-a', openai: 'sk-test-a-0123456789', google: 'AIza-test-a-0123456789' };
const models = { anthropic: 'claude-sonnet-4-5', openai: 'gpt-5.2', google: 'gemini-2.5-pro' };
type Name = keyof typeof secrets;
const names = Object.keys(secrets) as Name[];

type Rig = AsyncDisposable & {
  readonly opened: OpenedBook;
  readonly account: Account;
  readonly prober: Prober;
  readonly model: string;
  /** Probes the account, whose pool has been exhausted and may be open again. */
  probe(signal?: AbortSignal): Promise<void>;
  /** What became of the pool and of the account since then. */
  since(): string[];
};

async function openRig(name: Name, baseUrl: string): Promise<Rig> {
  const folder = temporaryFolder();
  const opened = await openBook({ path: `${folder.path}/stint.db`, now: Date.now() - hourMs - 1 });
  const { book } = opened;
  const provider = asProviderId(name);
  const id = accountId(provider, labelFrom('a'));
  const account = buildAccount('a', { id, provider, baseUrl: `${baseUrl}/` });
  await addAccount(book, account);
  await savePool(book, buildPool([id], { name: labelFrom(name), provider }));
  const random = () => 0;
  const credentials = new Credentials({
    book,
    secrets: { read: () => secrets[name], swap: () => Promise.resolve(false) },
    providers,
    fetch,
    random,
    tell: () => undefined,
  });
  const model = models[name];
  const until = opened.now + hourMs;
  const limit = { kind: 'closed', window: 'requests', family: null, overage: false, until, evidence: 'full' } as const;
  await book.observe({ account: id, model, sentAt: opened.now, signals: [limit], served: false });
  opened.now = until + 1;
  const before = opened.events.length;
  const prober = createProber({ book, credentials, providers, fetch });
  return {
    opened,
    account,
    prober,
    model,
    probe: (signal = new AbortController().signal) => prober.ask(account, model, signal),
    since: () => opened.events.slice(before).map(({ kind }) => kind),
    [Symbol.asyncDispose]: async () => {
      expect(book.account(id)).toMatchObject({ inFlight: 0, probeSince: null });
      await opened[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

type Upstream = {
  readonly url: string;
  readonly requests: readonly { readonly path: string }[];
  limit(): void;
  stop(): void;
};

function startSimulator(name: Name): Upstream {
  const scenario = { credentials: [{ name: 'a', secret: secrets[name] }] };
  if (name === 'anthropic') {
    const simulator = startAnthropicSimulator({ scenario });
    return { ...simulator, limit: () => simulator.inject({ kind: 'org_rate_limit' }) };
  }
  if (name === 'openai') {
    const simulator = startOpenAiSimulator({ scenario });
    return { ...simulator, limit: () => simulator.inject({ kind: 'rate_limit_requests' }) };
  }
  const simulator = startGoogleSimulator({ scenario });
  return { ...simulator, limit: () => simulator.inject({ kind: 'key_rpm' }) };
}

const paths = {
  anthropic: '/v1/messages',
  openai: '/v1/responses',
  google: '/v1beta/models/gemini-2.5-pro:generateContent',
};

describe('a probe of an API key', () => {
  test.each(names)('of %s that is served is the proof of a recovery, and no traffic of an agent', async (name) => {
    const simulator = startSimulator(name);
    try {
      await using rig = await openRig(name, simulator.url);
      expect(rig.prober.covers(rig.account, rig.model)).toBe(true);
      await rig.probe();
      expect(simulator.requests.map(({ path }) => path)).toEqual([paths[name]]);
      expect(rig.since()).toEqual(['opened', 'recovered']);
      expect(rig.opened.events.at(-1)).toMatchObject({ episode: { verifiedBy: 'probe', model: rig.model } });
      expect(rig.opened.book.lastAskedAt(labelFrom(name))).toBeNull();
    } finally {
      simulator.stop();
    }
  });

  test.each(names)('of %s that meets a limit closes the account again', async (name) => {
    const simulator = startSimulator(name);
    try {
      await using rig = await openRig(name, simulator.url);
      simulator.limit();
      await rig.probe();
      expect(rig.since()).toEqual(['closed']);
      expect(rig.opened.book.state.episodes.size).toBe(1);
    } finally {
      simulator.stop();
    }
  });

  test.each<[string, number, string, string[]]>([
    ['a refused key', 401, '{"type":"error","error":{"type":"authentication_error","message":"no"}}', ['needs-login']],
    ['a model that it may not use', 403, '{"type":"error","error":{"type":"permission_error","message":"no"}}', []],
    ['a server in trouble', 529, '{"type":"error","error":{"type":"overloaded_error","message":"no"}}', []],
    ['an error inside 200', 200, '{"type":"error","error":{"type":"overloaded_error","message":"no"}}', []],
    ['a redirect', 302, '', []],
  ])('says of %s what it is, and nothing else', async (...[, status, body, told]) => {
    await using upstream = await listenHttp((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(status, { 'content-type': 'application/json', location: 'http://127.0.0.1:1/' });
        response.end(body);
      });
    });
    await using rig = await openRig('anthropic', upstream.url);
    await rig.probe();
    expect(rig.since()).toEqual(told);
  });

  test('that nobody answers says nothing', async () => {
    const upstream = await listenHttp(() => undefined);
    await upstream[Symbol.asyncDispose]();
    await using rig = await openRig('anthropic', upstream.url);
    await rig.probe();
    expect(rig.since()).toEqual([]);
  });

  test('ends with the stop, whose answer is not heard any more', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    await using upstream = await listenHttp(() => resolve());
    await using rig = await openRig('anthropic', upstream.url);
    const stop = new AbortController();
    const probing = rig.probe(stop.signal);
    await asked;
    // Whoever asks meanwhile waits for it, as for the probe of an agent's request.
    expect(rig.opened.book.account(rig.account.id).probeSince).not.toBeNull();
    await rig.probe();
    stop.abort();
    await probing;
    expect(rig.since()).toEqual([]);
  });
});

test.each([
  ['anthropic', 'setup-token'],
  ['anthropic', 'login'],
  ['anthropic', 'profile'],
  ['openai', 'plan-login'],
  ['openai', 'profile'],
  ['google', 'profile'],
  ['google', 'service-account'],
])('an account of %s with the credential %s is never probed', (provider, kind) => {
  expect(providers.get(asProviderId(provider))?.probe?.(kind, 'some-model')).toBeNull();
});
