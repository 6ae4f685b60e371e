// Whatever happens to a pool: who is told what of its episodes, against what selection says at that moment.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { buildAccount, buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { coversModel } from '../core/limit/family.ts';
import type { Notice } from '../core/notice.ts';
import { hourMs, minuteMs } from '../core/time.ts';
import { Book } from './book.ts';
import { episodeStateNow, selectionOf } from './episode.ts';
import type { BookStore, Episode } from './ports.ts';
import { clearAccount, saveAccount, savePool } from './roster.ts';

const name = labelFrom('anthropic');
const labels = ['a', 'b', 'c'] as const;
const families = [null, 'opus', 'claude-opus-4-8', 'haiku'] as const;
const models = ['claude-sonnet-4-5', 'claude-opus-4-8', 'claude-haiku-4-5'] as const;

const label = fc.constantFrom(...labels);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('closed' as const),
      label,
      family: fc.constantFrom(...families),
      forMs: fc.integer({ min: minuteMs, max: 2 * hourMs }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('served' as const),
      label,
      model: fc.constantFrom(...models),
      agoMs: fc.constantFrom(0, 0, 10 * minuteMs),
      by: fc.constantFrom('request', 'probe' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('usage' as const), label }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('time' as const), byMs: fc.integer({ min: 1, max: hourMs }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refused' as const), label }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), label }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disable' as const), label }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('members' as const), members: fc.uniqueArray(label, { minLength: 1 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Holds what it is given, as a disk does. */
class World {
  now = 1_000_000;
  readonly episodes = new Map<string, Episode>();
  readonly told: Notice[] = [];
  book!: Book;

  async open(): Promise<void> {
    const { state } = this.book ?? {};
    const nothing = () => Promise.resolve();
    const store = {
      load: () =>
        Promise.resolve({
          accounts: state
            ? [...state.accounts.values()].map((each) => each.account)
            : labels.map((each) => buildAccount(each)),
          pools: state ? [...state.pools.values()].map((each) => each.pool) : [buildPool(labels.map(idOf))],
          currents: new Map(),
          limits: state ? [...state.accounts.values()].flatMap((each) => [...each.limits.values()]) : [],
          sessions: [],
          episodes: [...this.episodes.values()].filter((each) => each.recoveredAt === null),
          phantoms: [],
        }),
      saveEpisode: (episode: Episode, notices: readonly Notice[] = []) => {
        this.episodes.set(episode.id, episode);
        for (const notice of notices) if (!this.told.some(({ id }) => id === notice.id)) this.told.push(notice);
        return Promise.resolve();
      },
    };
    const others = new Proxy(store, { get: (target, key) => Reflect.get(target, key) ?? nothing });
    this.book = await Book.open({
      store: others as unknown as BookStore,
      clock: () => this.now,
      tell: () => undefined,
    });
  }

  async run(each: Step): Promise<void> {
    const { book } = this;
    // No two things happen in one millisecond.
    this.now += 1;
    const seen = { model: models[0] as string, sentAt: this.now, signals: [], served: false } as const;
    switch (each.kind) {
      case 'closed': {
        const until = this.now + each.forMs;
        const window = `window ${each.family ?? 'all'}`;
        const signal = { kind: 'closed', window, family: each.family, overage: false, until, evidence: 'no' } as const;
        await book.observe({ ...seen, account: idOf(each.label), signals: [signal] });
        return;
      }
      case 'served': {
        const served = { ...seen, account: idOf(each.label), served: true, model: each.model };
        const sentAt = this.now - each.agoMs;
        await book.observe(each.by === 'probe' ? { ...served, sentAt, by: 'probe' } : { ...served, sentAt });
        return;
      }
      case 'usage':
        await book.observeVerified(idOf(each.label), this.now);
        return;
      case 'time':
        this.now += each.byMs;
        return;
      case 'refused':
        await book.observe({ ...seen, account: idOf(each.label), signals: [{ kind: 'refused', evidence: '401' }] });
        return;
      case 'clear':
        await clearAccount(book, idOf(each.label));
        return;
      case 'disable': {
        const { account } = book.account(idOf(each.label));
        await saveAccount(book, { ...account, standing: account.standing === 'disabled' ? 'enabled' : 'disabled' });
        return;
      }
      case 'members':
        await savePool(book, buildPool(each.members.map(idOf)));
        return;
      case 'restart':
        await book.stop();
        await this.open();
    }
  }
}

test('whatever happens, an episode is open where nobody serves, and each of its edges is told once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), async (steps) => {
      const world = new World();
      await world.open();
      for (const each of steps) {
        const before = world.told.length;
        await world.run(each);
        await world.book.journal.written();
        expectCovered(world);
        expectTold(world, world.told.slice(before), each);
      }
      await world.book.stop();
    }),
    { numRuns: 150 },
  );
});

/** Where nobody serves a family for a reason that is no person's, one open episode says so, and no two say the same. */
function expectCovered({ book, now }: World): void {
  const pool = book.pool(name);
  if (pool === undefined) throw new Error('no pool');
  const open = [...book.state.episodes.values()];
  for (const family of families) {
    const isLimited = pool.candidates.some(({ limits }) =>
      [...limits.values()].some((each) => each.until > now && each.family === family),
    );
    const { kind, skipped } = selectionOf(pool, family, now);
    const isOver = kind !== 'use' && skipped.some(({ reason }) => reason === 'closed' || reason === 'needs-login');
    if (isOver && (isLimited || family === null))
      expect(open.some((each) => coversModel(each.family, family))).toBe(true);
  }
  for (const one of open) {
    expect(open.filter((other) => coversModel(other.family, one.family))).toEqual([one]);
    const { state } = episodeStateNow(pool, one, now);
    expect(state).toBe(selectionOf(pool, one.family, now).kind === 'use' ? 'retrying' : 'exhausted');
  }
}

function expectTold({ told, book, now }: World, news: readonly Notice[], { kind }: Step): void {
  const ofThread = (thread: string) => told.filter((each) => each.thread === thread).map((each) => each.kind);
  const pool = book.pool(name);
  const recovered = news.filter((each) => each.kind === 'pool-recovered');
  // The usage endpoint can speak of several families at once, of which people were told one by one.
  if (kind === 'served') expect(recovered.length).toBeLessThanOrEqual(1);
  if (recovered.length > 0) expect(['served', 'usage']).toContain(kind);
  for (const { thread, facts } of recovered) {
    expect(ofThread(thread).filter((each) => each === 'pool-recovered')).toHaveLength(1);
    if (pool !== undefined) expect(selectionOf(pool, facts.family ?? null, now).kind).toBe('use');
  }
  for (const { thread } of news) {
    const kinds = ofThread(thread);
    expect(kinds[0]).toBe('pool-exhausted');
    expect(kinds.slice(0, -1)).not.toContain('pool-recovered');
  }
  // What has been told to be exhausted and goes on is open; what has been told to have recovered is not.
  const open = new Set([...book.state.episodes.values()].map(({ id }) => `episode:${id}`));
  for (const thread of open) expect(ofThread(thread).at(-1)).toBe('pool-exhausted');
}
