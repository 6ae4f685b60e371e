// What earlier versions left behind is opened by this one, and nothing of it is lost.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { fixtures, restoreFixture } from '../../test/database-fixture.ts';
import { buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asJobId } from '../core/ids.ts';
import { migrations } from './migrations/migrations.ts';
import { openStore } from './open-store.ts';

const at = Date.parse('2026-11-01T08:00:00Z');
const far = Date.parse('2099-01-01T00:00:00Z');

test('every schema that there was has left a database behind', () => {
  expect(fixtures).toEqual(Object.keys(migrations));
});

describe('a database of', () => {
  test.each(fixtures)('%s keeps accounts, pools, limits, sessions and episodes', async (name) => {
    await using place = await openFixture(name);
    const { accounts, pools, currents, limits, sessions, episodes, phantoms } = await place.store.load();
    const [work, home] = accounts;
    expect(work).toMatchObject({ id: idOf('work'), credential: 'api-key', standing: 'enabled', addedAt: at });
    expect(work).toMatchObject(
      name < '0002' ? { project: null, maxConcurrent: null, profile: null } : { project: 'acme', maxConcurrent: 4 },
    );
    expect(home).toMatchObject({ id: idOf('home'), credential: 'setup-token', standing: 'disabled' });
    const both = {
      ...({ strategy: 'priority', overage: 'last' } as const),
      ...{ pinned: idOf('work'), shareSessions: name >= '0002' },
      ...(name < '0003' ? {} : { holdMs: 90_000, probe: true, authResetTarget: 'openai-codex' }),
    };
    expect(pools).toEqual([
      buildPool([idOf('home'), idOf('work')], both),
      buildPool([idOf('work')], { name: labelFrom('mine'), strategy: 'sticky', overage: 'forbid' }),
    ]);
    expect(currents).toEqual(new Map([[labelFrom('anthropic'), idOf('home')]]));
    expect(limits).toMatchObject([
      { account: idOf('home'), window: 'five_hour', family: null, until: far, source: 'provider' },
      { account: idOf('home'), window: 'seven_day', family: 'opus', version: 2, repeats: 1, evidence: 'a guess' },
    ]);
    expect(sessions as unknown).toEqual([
      {
        ...{ id: '0199-session', pool: 'anthropic', account: 'anthropic/work' },
        ...{ startedAt: at + 10, movedAt: at + 20, seenAt: at + 30, moves: 1 },
      },
    ]);
    expect(episodes as unknown).toMatchObject([
      {
        ...{
          id: 'episode-1',
          pool: 'anthropic',
          family: null,
          exhaustedAt: at + 40,
          recoveredAt: null,
          reset: null,
        },
        ...{ verifiedBy: null, model: name < '0003' ? null : 'claude-opus-4-8' },
      },
    ]);
    expect(phantoms).toMatchObject([{ hash: 'hash-of-a-phantom', expiresAt: far }]);
  });

  test.each(fixtures)('%s keeps notices and the audit trail where it had them', async (name) => {
    await using place = await openFixture(name);
    const [notices, audit] = [await place.store.recentNotices(9), await place.store.readAudit({ count: 9 })];
    const had = name < '0003' ? 0 : 1;
    expect([notices.length, audit.length]).toEqual([had, had]);
    await place.store.addAudit([
      {
        ...{ id: 2, at, kind: 'pool.recovered', surface: 'daemon', actor: 'stint' },
        ...{ subject: 'anthropic', outcome: 'done', detail: null },
      },
    ]);
    expect(await place.store.lastAudit()).toBe(2);
  });

  test.each(fixtures)('%s keeps jobs, attempts and what is still to be done where it had them', async (name) => {
    await using place = await openFixture(name);
    const { jobs, attempts, effects } = await place.store.loadJobs();
    expect(jobs.map(({ id, state }) => [id as string, state.kind as string])).toEqual(
      name < '0004'
        ? []
        : [
            ['after12345', 'queued'],
            ['done123456', 'done'],
            ['later12345', 'parked'],
            ['parked1234', 'parked'],
            ['running123', 'running'],
            ['starting12', 'starting'],
            ['waiting123', 'waiting'],
          ],
    );
    expect(attempts).toHaveLength(name < '0004' ? 0 : 5);
    expect(effects.map(({ effect }) => effect) as unknown).toEqual(
      name < '0004' ? [] : [{ kind: 'spawn', attempt: 'starting12.1' }],
    );
  });

  test.each(fixtures)('%s keeps notes and locks of agents where it had them', async (name) => {
    await using place = await openFixture(name);
    const had = name >= '0005';
    const note = { root: 'running123', name: 'plan', text: 'First the parser.', job: 'running123', at };
    expect((await place.store.findNote(asJobId('running123'), 'plan')) as unknown).toEqual(had ? note : null);
    expect((await place.store.loadLocks()) as unknown).toEqual(
      had ? [{ path: `${place.folder}/src`, holder: 'running123', reason: 'the parser', since: at, until: far }] : [],
    );
  });

  test.each(fixtures)('%s is the same when it is opened again', async (name) => {
    await using place = await openFixture(name);
    const before = [await place.store.load(), await place.store.loadJobs()];
    const again = await place.again();
    expect([await again.load(), await again.loadJobs()]).toEqual(before);
  });
});

async function openFixture(name: string) {
  const folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  restoreFixture(name, path, folder.path);
  let store = await openStore(path, { now: at });
  expect(store.setAside).toBeNull();
  return {
    store,
    folder: folder.path,
    again: async () => {
      await store.close();
      store = await openStore(path, { now: at });
      return store;
    },
    [Symbol.asyncDispose]: async () => {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}
