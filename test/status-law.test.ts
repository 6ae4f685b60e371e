// Whatever an operator and a provider do, in whatever order: what status and pool.explain say, on every surface, is what the
// next request does.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { restoreState, type BookState } from '../src/book/state.ts';
import { asProviderId, type AccountId } from '../src/core/ids.ts';
import { slotOf } from '../src/core/limit/limit.ts';
import { overagePolicies, strategies } from '../src/core/pool/pool.ts';
import { Problem } from '../src/core/problem.ts';
import { execute } from '../src/operations/operation.ts';
import { operations } from '../src/operations/registry.ts';
import type { Explanation, StatusView } from '../src/operations/shape.ts';
import { createMcpHttp } from '../src/surfaces/mcp/http.ts';
import { Browsers } from '../src/surfaces/rest/browsers.ts';
import { restApp } from '../src/surfaces/rest/rest.ts';
import { Throttle } from '../src/surfaces/rest/throttle.ts';
import { startAnthropicSimulator } from '../src/simulator/anthropic/simulator.ts';
import { captured } from './builders.ts';
import { openGateway } from './open-gateway.ts';
import { openOperations } from './operation-rig.ts';
import { temporaryFolder } from './temp-folder.ts';

const labels = ['a', 'b', 'c', 'z'] as const;
const pools = ['anthropic', 'own', 'other'] as const;
const models = ['claude-opus-4-8', 'claude-sonnet-4-5'] as const;
const faults = [
  'five_hour',
  'seven_day_opus',
  'throttle',
  'seven_day_overage_included',
  'overloaded',
  'revoked',
] as const;

const account = fc.constantFrom(...labels);
const pool = fc.constantFrom(...pools);
const model = fc.option(fc.constantFrom('opus', ...models), { nil: undefined });
const members = fc.uniqueArray(account, { minLength: 1, maxLength: 3 });
const length = fc.constantFrom('9s', '90s', '20m', '3h', '2d');
const call = (name: string, input: fc.Arbitrary<object>) =>
  input.map((each) => ({ kind: 'call', name, input: each }) as const);
const partly = <Shape extends Record<string, fc.Arbitrary<unknown>>>(shape: Shape) =>
  fc.record(shape, { requiredKeys: [] });

const step = fc.oneof(
  call('pool.create', fc.record({ pool, accounts: members, strategy: fc.constantFrom(...strategies) })),
  call('pool.remove', fc.record({ pool })),
  call('pool.rename', fc.record({ pool, name: pool })),
  call('pool.add', fc.record({ pool, accounts: members })),
  call('pool.drop', fc.record({ pool, account })),
  call('pool.move', fc.record({ account, from: pool, to: pool })),
  call(
    'pool.set',
    fc
      .tuple(
        pool,
        partly({
          accounts: members,
          strategy: fc.constantFrom(...strategies),
          overage: fc.constantFrom(...overagePolicies),
        }),
      )
      .map(([name, more]) => ({ pool: name, ...more })),
  ),
  call('pool.use', fc.oneof(fc.record({ pool, account }), fc.record({ pool, auto: fc.constant(true) }))),
  call('pool.next', fc.record({ pool, model })),
  call('pool.rotate', fc.record({ pool })),
  call('limit.set', fc.record({ account: fc.option(account, { nil: undefined }), model, for: length })),
  call('limit.set', fc.record({ pool, window: fc.constantFrom('operator', 'five_hour'), for: length })),
  call('limit.clear', fc.oneof(fc.record({ account }), fc.record({ pool }), fc.constant({ all: true }))),
  call('account.clear', fc.record({ account })),
  call('account.disable', fc.record({ account })),
  call('account.enable', fc.record({ account })),
  call('account.rename', fc.record({ account, label: account })),
  fc.constantFrom(1000, 10_000, 600_000, 3_600_000, 40_000_000).map((byMs) => ({ kind: 'time', byMs }) as const),
  { weight: 3, arbitrary: fc.constantFrom(...faults).map((fault) => ({ kind: 'fault', fault }) as const) },
);
const asked = fc.record({
  pool,
  model: fc.constantFrom(...models),
  session: fc.option(fc.constantFrom('one', 'two', 'three'), { nil: undefined }),
});
const story = fc.record({
  probesClosed: fc.boolean(),
  turns: fc.array(fc.record({ step, ask: asked }), { minLength: 22, maxLength: 28 }),
});

/** Steps of which most were really taken, so that the law is not true of nothing. */
const seen = { turns: 0, done: 0, served: 0, refused: 0, hops: 0 };

test('status and pool.explain say what the next request does, after any sequence of operations, limits and time', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ probesClosed, turns }) => {
      await using stage = await open();
      stage.book.probesClosed = probesClosed;
      for (const turn of turns) {
        seen.turns += 1;
        await stage.take(turn.step);
        await stage.compare(turn.ask);
      }
      await stage.compareStore();
    }),
    { numRuns: 15, endOnFailure: true },
  );
  expect(seen.done).toBeGreaterThan(seen.turns / 6);
  expect(Math.min(seen.served, seen.refused, seen.hops)).toBeGreaterThan(0);
}, 30_000);

const fail = (error: unknown): never => {
  throw error;
};
const asOwner = { surface: 'mcp', actor: 'owner', scope: 'full' } as const;

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Ask = typeof asked extends fc.Arbitrary<infer Value> ? Value : never;

async function open() {
  await using opened = new AsyncDisposableStack();
  let now = captured;
  const clock = () => now;
  const secretOf = (label: string): string => `sk-ant-oat01-test-${label}`;
  const credentials = ['a', 'b', 'c'].map((name) => ({ name, secret: secretOf(name) }));
  const simulator = startAnthropicSimulator({ scenario: { credentials }, now: clock });
  opened.defer(() => simulator.stop());
  const folder = opened.use(temporaryFolder());
  const secrets = new Map<AccountId, string>();
  const served = await openGateway(opened, { folder: folder.path, clock, accounts: [], secrets });
  const { book, gateway, records, bugs } = served;
  const vault = {
    keySource: 'file' as const,
    read: (id: AccountId) => secrets.get(id),
    names: () => [...secrets.keys()],
    write: (id: AccountId, secret: string) => Promise.resolve(void secrets.set(id, secret)),
    copy: (id: AccountId, to: AccountId) => Promise.resolve(void secrets.set(to, secrets.get(id) ?? '')),
    remove: (id: AccountId) => Promise.resolve(void secrets.delete(id)),
    swap: () => Promise.resolve(false),
    stage: () => Promise.reject(new Error('no secret is replaced here')),
  };
  const rig = opened.use(await openOperations({ book, vault, openRequests: () => gateway.openRequests() }));
  const { context } = rig;
  const run = async (name: string, input: object): Promise<unknown> => {
    const found = operations.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no operation ${name}`);
    return execute(found, input, context);
  };
  for (const label of ['a', 'b', 'c'])
    await run('account.add', { provider: 'anthropic', label, secret: secretOf(label), baseUrl: simulator.url });
  /** By the pool's name of today: agents keep their phantom when it is renamed. */
  const tokens = new Map<string, string>();
  const provider = asProviderId('anthropic');
  const issue = async (name: string): Promise<void> => {
    const { token } = await context.phantoms.issue({ provider, pool: name as never, origin: 'wrapper', holdMs: 0 });
    tokens.set(name, token);
  };
  await run('pool.create', { pool: 'own', accounts: ['a', 'b'] });
  await run('pool.create', { pool: 'other', accounts: ['b', 'c'], strategy: 'round-robin' });
  for (const name of pools) await issue(name);
  const resources = opened.move();
  let fresh = 0;

  const ask = async ({ pool: name, model: wanted, session }: Omit<Ask, 'session'> & { session: string }) => {
    const ended = records.next(() => true);
    const response = await fetch(`http://127.0.0.1:${served.port}/anthropic/v1/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokens.get(name) ?? ''}`,
        'anthropic-version': '2023-06-01',
        'content-type': 'application/json',
        'x-claude-code-session-id': session,
      },
      body: JSON.stringify({ model: wanted, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }),
    });
    await response.arrayBuffer();
    return { status: response.status, record: await ended };
  };

  const stopped = new AbortController();
  const rest = restApp(
    {
      ...{ operations, context, version: '1.2.3', stopped: stopped.signal, hostname: '127.0.0.1', secure: false },
      ...{ tokens: { find: () => undefined }, browsers: new Browsers(clock), throttle: new Throttle(clock) },
      bug: fail,
    },
    'socket',
  );
  const mcp = createMcpHttp({ operations, context, version: '1.2.3', bug: fail });
  resources.defer(() => mcp.close());
  /** The answer of an operation on the surfaces for programs; the CLI's is that of the socket. */
  const onSurfaces = async (name: string, input: object): Promise<unknown[]> => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const post = (path: string, body: object) =>
      new Request(`http://localhost${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const params = { name: name.replaceAll(/[.-]/g, '_'), arguments: input };
    const called = await mcp.handle(post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params }), asOwner);
    const answer = /\{.*\}/s.exec(await called.text())?.[0] ?? '{}';
    const { result } = JSON.parse(answer) as { result?: { structuredContent?: unknown } };
    const response = await rest.fetch(post(`/api/${name}`, input));
    return [await response.json(), result?.structuredContent];
  };

  return {
    book,
    async take(each: Step): Promise<void> {
      if (each.kind === 'time') return void (now += each.byMs);
      if (each.kind === 'fault') return simulator.inject({ kind: each.fault, times: 1 });
      try {
        const output = await run(each.name, each.input);
        seen.done += 1;
        const input = each.input as { pool?: string };
        if (each.name === 'pool.create') await issue((output as { name: string }).name);
        if (each.name === 'pool.rename') {
          const { name, renamed } = output as { name: string; renamed: string };
          const token = tokens.get(renamed) ?? '';
          tokens.delete(renamed);
          tokens.set(name, token);
        }
        if (each.name === 'pool.remove') tokens.delete(input.pool ?? '');
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        expect(['invalid', 'not_found', 'conflict']).toContain(error.code);
      }
    },
    async compare(wanted: Ask): Promise<void> {
      const { pool: name, model: asking } = wanted;
      if (!tokens.has(name)) {
        expect(book.pool(name as never)).toBeUndefined();
        return;
      }
      // An agent's new conversation is what status answers for.
      const session = wanted.session ?? `fresh-${(fresh += 1)}`;
      const told = (await run('pool.explain', { pool: name, model: asking, session })) as Explanation;
      for (const other of await onSurfaces('pool.explain', { pool: name, model: asking, session }))
        expect(other).toEqual(told);
      if (wanted.session === undefined) {
        const status = (await run('daemon.status', { model: asking })) as StatusView;
        const [next] = status.pools.find((each) => each.name === name)?.next ?? [];
        expect(next).toMatchObject({ kind: told.kind, account: told.account });
        expect(next?.skipped.map((each) => each.account)).toEqual(told.skipped.map((each) => each.account));
      }
      const { record, status } = await ask({ ...wanted, session });
      expect({ account: record.tries[0]?.account ?? null }).toEqual({ account: told.account });
      if (told.account === null) expect(status).toBeGreaterThanOrEqual(400);
      seen[told.account === null ? 'refused' : 'served'] += 1;
      if (record.tries.length > 1) seen.hops += 1;
      expect(bugs).toEqual([]);
    },
    /** What a restart would find is what there is. */
    async compareStore(): Promise<void> {
      await book.journal.written();
      expect(remembered(restoreState(await book.store.load()))).toEqual(remembered(book.state));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function remembered({ accounts, pools: all, sessions, episodes, phantoms }: BookState) {
  const sorted = <Value>(values: Iterable<Value>, key: (value: Value) => string) =>
    [...values].toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return {
    accounts: sorted(accounts.values(), (each) => each.account.id).map(({ account: known, limits }) => ({
      account: known,
      limits: sorted(limits.values(), slotOf),
    })),
    pools: sorted(all.values(), (each) => each.pool.name).map((each) => ({
      ...{ pool: each.pool, current: each.current },
      candidates: each.candidates.map((candidate) => candidate.account.id),
    })),
    sessions: sorted(sessions.values(), (each) => each.id),
    episodes: sorted(episodes.values(), (each) => each.id),
    phantoms: sorted(phantoms.values(), (each) => each.id),
  };
}
