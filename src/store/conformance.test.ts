import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { noticesIn } from '../../test/episode-rig.ts';
import type { Episode, Phantom, Session } from '../book/ports.ts';
import type { Account } from '../core/account/account.ts';
import {
  accountId,
  asPhantomId,
  asProviderId,
  asSessionId,
  parseLabel,
  type AccountId,
  type Label,
} from '../core/ids.ts';
import { limitSources, slotOf, type Limit } from '../core/limit/limit.ts';
import type { Pool } from '../core/pool/pool.ts';
import type { Store } from './open-store.ts';

/** A place for one database, which can be opened again and again and is gone with the scope. */
export type StorePlace = AsyncDisposable & { open(): Promise<Store> };

/** What every store must do, whatever database is behind it. */
export function describeStore(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(name, () => {
    test('an empty store loads as nothing', async () => {
      await using place = await makePlace();
      await reopenedAfter(
        place,
        async () => {},
        async (store) => {
          expect(await store.load()).toEqual({
            accounts: [],
            pools: [],
            currents: new Map(),
            limits: [],
            sessions: [],
            episodes: [],
            phantoms: [],
          });
        },
      );
    });

    test('everything is there again after a restart', async () => {
      await using place = await makePlace();
      await reopenedAfter(place, populate, async (store) => {
        expect(await store.load()).toEqual({
          accounts: [work, home],
          pools: [pool],
          currents: new Map([[pool.name, home.id]]),
          limits: [opus, weekly],
          sessions: [session],
          episodes: [episode],
          phantoms: [phantom],
        });
      });
    });

    test('a second save of the same thing replaces the first', async () => {
      await using place = await makePlace();
      const disabled: Account = {
        ...work,
        standing: 'needs-login',
        standingReason: 'token revoked',
        baseUrl: 'https://example.com',
      };
      const reordered: Pool = { ...pool, accounts: [work.id], strategy: 'priority', overage: 'allow', pinned: work.id };
      const moved: Session = { ...session, account: work.id, movedAt: 900, seenAt: 901, moves: 1 };
      const renewed: Episode = { ...episode, exhaustedAt: 45 };
      const later: Limit = {
        ...opus,
        version: 2,
        until: 0,
        observedAt: 60,
        repeats: 0,
        source: 'provider',
        evidence: 'cleared',
      };
      const change = async (store: Store) => {
        await populate(store);
        await store.saveAccount(disabled);
        await store.savePools([reordered]);
        await store.saveSession(moved);
        await store.saveEpisode(renewed);
        await store.savePhantom({ ...phantom, expiresAt: 2_000_000_000_000 });
        await store.saveLimits([later]);
      };
      await reopenedAfter(place, change, async (store) => {
        const loaded = await store.load();
        expect(loaded.accounts).toEqual([disabled, home]);
        expect(loaded.pools).toEqual([reordered]);
        expect(loaded.currents).toEqual(new Map([[pool.name, home.id]]));
        expect(loaded.limits).toEqual([later, weekly]);
        expect(loaded.sessions).toEqual([moved]);
        expect(loaded.episodes).toEqual([renewed]);
        expect(loaded.phantoms).toEqual([{ ...phantom, expiresAt: 2_000_000_000_000 }]);
      });
    });

    test('an account under another name has everything that it had', async () => {
      await using place = await makePlace();
      const id = accountId(home.provider, parseLabel('elsewhere') as Label);
      const renamed: Account = { ...home, id, label: parseLabel('elsewhere') as Label };
      const change = async (store: Store) => {
        await populate(store);
        await store.savePools([{ ...pool, pinned: home.id }]);
        await store.saveLimits([{ ...opus, account: home.id }]);
        await store.renameAccount(home.id, renamed);
        // Late, and about a name that is gone.
        await store.saveLimits([{ ...weekly, account: home.id }]);
        await store.renameAccount(home.id, { ...renamed, standing: 'disabled' });
      };
      await reopenedAfter(place, change, async (store) => {
        const loaded = await store.load();
        const named = (each: AccountId): AccountId => (each === home.id ? id : each);
        expect(loaded.accounts).toEqual([work, renamed]);
        expect(loaded.pools).toEqual([{ ...pool, accounts: pool.accounts.map(named), pinned: id }]);
        expect(loaded.currents).toEqual(new Map([[pool.name, id]]));
        expect(loaded.limits.filter((each) => each.account === id)).toEqual([{ ...opus, account: id }]);
        expect(loaded.sessions).toEqual([{ ...session, account: named(session.account) }]);
      });
    });

    test('a pool under another name has everything that it had', async () => {
      await using place = await makePlace();
      const name = parseLabel('elsewhere') as Label;
      const change = async (store: Store) => {
        await populate(store);
        await store.renamePool(pool.name, name);
        await store.renamePool(pool.name, parseLabel('nowhere') as Label);
      };
      await reopenedAfter(place, change, async (store) => {
        expect(await store.load()).toMatchObject({
          accounts: [work, home],
          pools: [{ ...pool, name }],
          currents: new Map([[name, home.id]]),
          sessions: [{ ...session, pool: name }],
          episodes: [{ ...episode, pool: name }],
          phantoms: [{ ...phantom, pool: name }],
        });
      });
    });

    test('a name that is taken is not taken twice, and nothing is lost', async () => {
      await using place = await makePlace();
      const change = async (store: Store) => {
        await populate(store);
        await expect(store.renameAccount(home.id, { ...home, id: work.id })).rejects.toThrow();
        await store.savePools([{ ...pool, name: parseLabel('other') as Label }]);
        await expect(store.renamePool(pool.name, parseLabel('other') as Label)).rejects.toThrow();
      };
      await reopenedAfter(place, change, async (store) => {
        const { accounts, pools, sessions } = await store.load();
        expect([accounts, pools.map((each) => each.name), sessions]).toEqual([
          [work, home],
          [pool.name, parseLabel('other') as Label].toSorted(),
          [session],
        ]);
      });
    });

    test('several pools are saved together or not at all', async () => {
      await using place = await makePlace();
      const change = async (store: Store) => {
        await populate(store);
        const stranger = accountId(home.provider, parseLabel('stranger') as Label);
        const other = { ...pool, name: parseLabel('other') as Label };
        await expect(
          store.savePools([
            { ...pool, strategy: 'priority' },
            { ...other, accounts: [stranger] },
          ]),
        ).rejects.toThrow();
      };
      await reopenedAfter(place, change, async (store) => {
        expect((await store.load()).pools).toEqual([pool]);
      });
    });

    test('an episode that has ended is not loaded', async () => {
      await using place = await makePlace();
      const end = async (store: Store) => {
        await populate(store);
        await store.saveEpisode({ ...episode, recoveredAt: 999 });
        await store.saveEpisode({ ...episode, id: 'episode-2', family: 'opus' });
      };
      await reopenedAfter(place, end, async (store) => {
        expect((await store.load()).episodes).toEqual([{ ...episode, id: 'episode-2', family: 'opus' }]);
      });
    });

    test('an episode of a pool that is gone is not kept, and what is told of it is', async () => {
      await using place = await makePlace();
      const end = async (store: Store) => {
        await populate(store);
        await store.removePool(pool.name);
        const notice = { id: 'n1', kind: 'pool-recovered', thread: 'e', at: 1, facts: {} } as const;
        await store.saveEpisode(episode, [notice]);
      };
      await reopenedAfter(place, end, async (store) => {
        expect((await store.load()).episodes).toEqual([]);
        expect(await noticesIn(store)).toMatchObject([{ id: 'n1' }]);
      });
    });

    test('an account is added with its place in a pool, or not at all', async () => {
      await using place = await makePlace();
      await using store = disposable(await place.open());
      const stranger = accountId(provider, label('stranger'));
      await expect(store.addAccount(work, { ...pool, accounts: [work.id, stranger] })).rejects.toThrow();
      expect(await store.load()).toMatchObject({ accounts: [], pools: [] });
      await store.addAccount(work, { ...pool, accounts: [work.id] });
      expect(await store.load()).toMatchObject({ accounts: [work], pools: [{ accounts: [work.id] }] });
      await expect(store.addAccount({ ...work, credential: 'other' }, pool)).rejects.toThrow();
      expect(await store.load()).toMatchObject({ accounts: [work], pools: [{ accounts: [work.id] }] });
    });

    test('the slots of an account are told apart by window, family and overage', async () => {
      await using place = await makePlace();
      const slots: Limit[] = [
        weekly,
        { ...weekly, family: 'opus' },
        { ...weekly, overage: true },
        { ...weekly, window: 'five_hour' },
        { ...weekly, account: home.id },
      ];
      const save = async (store: Store) => {
        await populateAccounts(store);
        await store.saveLimits(slots);
      };
      await reopenedAfter(place, save, async (store) => {
        expect(new Set((await store.load()).limits)).toEqual(new Set(slots));
      });
    });

    test('of a slot that is given twice in one save the last one counts', async () => {
      await using place = await makePlace();
      const save = async (store: Store) => {
        await populateAccounts(store);
        await store.saveLimits([weekly, { ...weekly, version: 7 }]);
      };
      await reopenedAfter(place, save, async (store) => {
        expect((await store.load()).limits).toEqual([{ ...weekly, version: 7 }]);
      });
    });

    test('a time with a fraction of a millisecond is kept to the millisecond and never ends earlier', async () => {
      await using place = await makePlace();
      const save = async (store: Store) => {
        await populateAccounts(store);
        await store.saveLimits([{ ...weekly, until: 1_763_712_345_123.25 }]);
      };
      await reopenedAfter(place, save, async (store) => {
        expect((await store.load()).limits[0]?.until).toBe(1_763_712_345_124);
      });
    });

    test('removing an account takes its limits, its place in pools and its sessions with it', async () => {
      await using place = await makePlace();
      const remove = async (store: Store) => {
        await populate(store);
        await store.savePools([{ ...pool, pinned: home.id }]);
        await store.removeAccount(home.id);
      };
      await reopenedAfter(place, remove, async (store) => {
        const loaded = await store.load();
        expect(loaded.accounts).toEqual([work]);
        expect(loaded.pools).toEqual([{ ...pool, accounts: [work.id], pinned: null }]);
        expect(loaded.currents).toEqual(new Map());
        expect(loaded.limits).toEqual([weekly]);
        expect(loaded.sessions).toEqual([]);
        expect(loaded.phantoms).toEqual([phantom]);
      });
    });

    test('removing a pool takes its sessions, episodes and phantoms with it and leaves accounts and other pools’ phantoms', async () => {
      await using place = await makePlace();
      const remove = async (store: Store) => {
        await populate(store);
        await store.savePhantom(elsewhere);
        await store.removePool(pool.name);
      };
      await reopenedAfter(place, remove, async (store) => {
        const loaded = await store.load();
        expect(loaded.pools).toEqual([]);
        expect(loaded.currents).toEqual(new Map());
        expect(loaded.sessions).toEqual([]);
        expect(loaded.episodes).toEqual([]);
        expect(loaded.accounts).toEqual([work, home]);
        expect(loaded.phantoms).toEqual([elsewhere]);
      });
    });

    test('limits are removed by account and slot, episodes by their beginning', async () => {
      await using place = await makePlace();
      const remove = async (store: Store) => {
        await populate(store);
        await store.saveLimits([{ ...weekly, account: home.id }]);
        await store.saveEpisode({ ...episode, id: 'episode-2', exhaustedAt: 41 });
        await store.removeLimits(home.id, [slotOf(weekly), 'unknown']);
        await store.removeLimits(work.id, []);
        await store.removeEpisodes(41);
      };
      await reopenedAfter(place, remove, async (store) => {
        const loaded = await store.load();
        expect(loaded.limits).toEqual([opus, weekly]);
        expect(loaded.episodes).toMatchObject([{ id: 'episode-2' }]);
      });
    });

    test('sessions and phantoms are removed by id, however many, and unknown ids are nothing', async () => {
      await using place = await makePlace();
      const ids = Array.from({ length: 1200 }, (_, index) => asSessionId(`session-${index}`));
      const remove = async (store: Store) => {
        await populate(store);
        await Promise.all(ids.map((id) => store.saveSession({ ...session, id })));
        await store.removeSessions([...ids, asSessionId('unknown')]);
        await store.removeSessions([]);
        await store.removePhantoms([phantom.id, asPhantomId('unknown')]);
      };
      await reopenedAfter(place, remove, async (store) => {
        const loaded = await store.load();
        expect(loaded.sessions).toEqual([session]);
        expect(loaded.phantoms).toEqual([]);
      });
    });

    test('a late write about an account that is gone does nothing', async () => {
      await using place = await makePlace();
      const write = async (store: Store) => {
        await populate(store);
        await store.removeAccount(home.id);
        await store.saveAccount(home);
        await store.saveLimits([opus, { ...weekly, version: 5 }]);
        await store.saveSession(session);
        await store.saveCurrent(pool.name, home.id);
        await store.saveCurrent(label('no-such-pool'), work.id);
      };
      await reopenedAfter(place, write, async (store) => {
        const loaded = await store.load();
        expect(loaded.accounts).toEqual([work]);
        expect(loaded.limits).toEqual([{ ...weekly, version: 5 }]);
        expect(loaded.sessions).toEqual([]);
        expect(loaded.currents).toEqual(new Map());
      });
    });

    test('a pool that names an unknown account is refused as a whole', async () => {
      await using place = await makePlace();
      await using store = disposable(await place.open());
      await populate(store);
      const stranger = accountId(asProviderId('anthropic'), label('stranger'));
      await expect(store.savePools([{ ...pool, strategy: 'priority', accounts: [stranger] }])).rejects.toThrow();
      expect((await store.load()).pools).toEqual([pool]);
    });

    test('writes that were not awaited take effect in the order in which they were asked for', async () => {
      await using place = await makePlace();
      const write = async (store: Store) => {
        await populateAccounts(store);
        const rounds = Array.from({ length: 50 }, (_, index) => index);
        await Promise.all(
          rounds.flatMap((moves) => [
            store.savePools([{ ...pool, accounts: moves % 2 === 0 ? [work.id] : [home.id, work.id] }]),
            store.saveCurrent(pool.name, moves % 2 === 0 ? work.id : home.id),
            store.saveSession({ ...session, moves }),
          ]),
        );
      };
      await reopenedAfter(place, write, async (store) => {
        const loaded = await store.load();
        expect(loaded.pools[0]?.accounts).toEqual([home.id, work.id]);
        expect(loaded.currents).toEqual(new Map([[pool.name, home.id]]));
        expect(loaded.sessions[0]?.moves).toBe(49);
      });
    });

    test('closing waits for the writes under way and may be repeated', async () => {
      await using place = await makePlace();
      const store = await place.open();
      const writes = [store.addAccount(work, { ...pool, accounts: [work.id] }), store.addAccount(home, pool)];
      await Promise.all([store.close(), store.close(), ...writes]);
      await store.close();
      await using again = disposable(await place.open());
      expect((await again.load()).accounts).toEqual([work, home]);
    });

    test('any limit comes back as it was saved', async () => {
      await using place = await makePlace();
      await using store = disposable(await place.open());
      await populateAccounts(store);
      const anyLimit = fc.record({
        account: fc.constantFrom(work.id, home.id),
        window: fc.string({ unit: 'binary' }).map(withoutNul),
        family: fc.option(fc.string({ unit: 'binary', minLength: 1 }).map((text) => `f${withoutNul(text)}`)),
        overage: fc.boolean(),
        version: fc.nat(),
        source: fc.constantFrom(...limitSources),
        until: fc.nat(Number.MAX_SAFE_INTEGER),
        observedAt: fc.nat(Number.MAX_SAFE_INTEGER),
        repeats: fc.nat(),
        evidence: fc.string({ unit: 'binary' }).map(withoutNul),
      });
      await fc.assert(
        fc.asyncProperty(anyLimit, async (limit) => {
          await store.saveLimits([limit]);
          expect((await store.load()).limits).toContainEqual(limit);
        }),
        { numRuns: 100 },
      );
    });
  });
}

async function reopenedAfter(
  place: StorePlace,
  write: (store: Store) => Promise<void>,
  check: (store: Store) => Promise<void>,
): Promise<void> {
  {
    await using store = disposable(await place.open());
    await write(store);
  }
  await using store = disposable(await place.open());
  await check(store);
}

function disposable(store: Store): Store & AsyncDisposable {
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}

/** PostgreSQL has no NUL in text, and no provider sends one. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

async function populateAccounts(store: Store): Promise<void> {
  await store.addAccount(work, { ...pool, accounts: [work.id] });
  await store.addAccount(home, { ...pool, accounts: [work.id, home.id] });
}

/** Saves one of everything. */
export async function populate(store: Store): Promise<void> {
  await populateAccounts(store);
  await store.savePools([pool]);
  await store.saveCurrent(pool.name, home.id);
  await store.saveLimits([opus, weekly]);
  await store.saveSession(session);
  await store.saveEpisode(episode);
  await store.savePhantom(phantom);
}

const provider = asProviderId('anthropic');

function label(text: string): Label {
  return parseLabel(text) ?? fail(`not a label: ${text}`);
}

function fail(message: string): never {
  throw new Error(message);
}

function account(name: string, addedAt: number): Account & { readonly id: AccountId } {
  return {
    id: accountId(provider, label(name)),
    provider,
    label: label(name),
    credential: 'api-key',
    baseUrl: null,
    profile: null,
    project: null,
    maxConcurrent: null,
    standing: 'enabled',
    standingReason: null,
    addedAt,
  };
}

const work = { ...account('work', 1_763_700_000_001), project: 'acme', maxConcurrent: 4 };
const home = { ...account('home', 1_763_700_000_002), profile: '/home/me/profile' };

const pool: Pool = {
  name: label('default'),
  provider,
  accounts: [home.id, work.id],
  strategy: 'sticky',
  overage: 'last',
  pinned: null,
  shareSessions: true,
  holdMs: 90_000,
  probe: true,
  authResetTarget: 'openai-codex',
};

const weekly: Limit = {
  account: work.id,
  window: 'seven_day',
  family: null,
  overage: false,
  version: 3,
  source: 'provider',
  until: 1_764_300_000_000,
  observedAt: 1_763_700_000_000,
  repeats: 0,
  evidence: 'Your weekly limit resets at 8pm “Asia/Dhaka”',
};

const opus: Limit = {
  ...weekly,
  account: home.id,
  family: 'opus',
  overage: true,
  version: 1,
  source: 'estimated',
  repeats: 2,
};

const session: Session = {
  id: asSessionId('0199-session'),
  pool: pool.name,
  account: home.id,
  startedAt: 10,
  movedAt: 20,
  seenAt: 30,
  moves: 0,
};

const episode: Episode = {
  id: 'episode-1',
  pool: pool.name,
  family: null,
  exhaustedAt: 40,
  recoveredAt: null,
  model: 'claude-opus-4-8',
  verifiedBy: null,
  reset: null,
};

const phantom: Phantom = {
  id: asPhantomId('0123456789abcdef'),
  hash: '0123456789abcdef'.repeat(4),
  provider,
  pool: pool.name,
  origin: 'env',
  holdMs: 0,
  createdAt: 50,
  expiresAt: 1_766_300_000_000,
};

const elsewhere: Phantom = {
  ...phantom,
  id: asPhantomId('fedcba9876543210'),
  hash: 'f'.repeat(64),
  pool: label('other'),
};
