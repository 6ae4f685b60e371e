import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBook } from '../../test/book-rig.ts';
import { buildAccount, captured, idOf, labelFrom } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { Book } from '../book/book.ts';
import type { Episode, EpisodeReset } from '../book/ports.ts';
import { addAccount, removePool, savePool } from '../book/roster.ts';
import { configSchema } from '../config/config-schema.ts';
import { openContainers } from '../containers/open-containers.ts';
import type { AuditEntry } from '../core/audit.ts';
import { asSessionId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import type { Notice } from '../core/notice.ts';
import type { Pool } from '../core/pool/pool.ts';
import { dayMs, minuteMs } from '../core/time.ts';
import { AuthResets } from './auth-resets.ts';
import type { ResetSettings } from './ports.ts';

const work = labelFrom('anthropic');
const call = 'auth reset openai-codex';
const due: EpisodeReset = { state: 'due', target: 'openai-codex', at: captured, ranAt: null, detail: null };

describe('a recovery of a pool with a target', () => {
  test('runs the command once, and tells when the agent asks again', async () => {
    await using rig = await openRig({ reset: due });
    await rig.resets.look();
    expect(rig.lines()).toEqual([call]);
    expect(rig.states).toEqual(['running', 'waiting']);
    expect(rig.notices).toEqual([]);
    expect(rig.audit).toMatchObject([
      { kind: 'auth-reset.begun', detail: 'hermes auth reset openai-codex on this machine' },
      {
        kind: 'auth-reset.run',
        actor: 'stint',
        subject: 'anthropic',
        outcome: 'done',
        detail: 'hermes auth reset openai-codex on this machine ended with 0: was user',
      },
    ]);
    rig.now += 3 * minuteMs;
    await rig.resets.look();
    expect(rig.states).toEqual(['running', 'waiting']);
    await rig.ask();
    await rig.resets.look();
    expect(rig.states).toEqual(['running', 'waiting', 'resumed']);
    expect(rig.notices).toMatchObject([
      {
        id: 'e1:reset',
        kind: 'auth-reset-done',
        thread: 'episode:e1',
        facts: { pool: 'anthropic', target: 'openai-codex', resumedAfterMs: 3 * minuteMs },
      },
    ]);
    await rig.resets.look();
    expect(rig.lines()).toHaveLength(1);
  });

  test('tells when the agent stays silent, for exit 0 is no proof', async () => {
    await using rig = await openRig({ reset: due });
    await rig.ask();
    await rig.resets.look();
    rig.now += 10 * minuteMs;
    await rig.resets.look();
    expect(rig.states).toEqual(['running', 'waiting', 'silent']);
    expect(rig.notices).toMatchObject([
      {
        id: 'e1:reset',
        kind: 'auth-reset-failed',
        facts: { silent: true, evidence: 'no request of the agent came within 10m of it' },
      },
    ]);
  });

  test('tells when the command fails, with what it said', async () => {
    await using rig = await openRig({ reset: due, script: 'echo "no key sk-ant-api03-test-own"; exit 2' });
    await rig.resets.look();
    const detail = 'hermes auth reset openai-codex on this machine ended with 2: no key sk-….';
    expect(rig.states).toEqual(['running', 'failed']);
    expect(rig.notices).toMatchObject([{ id: 'e1:reset', kind: 'auth-reset-failed', facts: { evidence: detail } }]);
    expect(rig.audit).toMatchObject([{ kind: 'auth-reset.begun' }, { outcome: 'upstream', detail }]);
  });

  test('tells when nothing could be run', async () => {
    await using rig = await openRig({ reset: due, settings: { runtime: 'docker' } });
    await rig.resets.look();
    expect(rig.states).toEqual(['running', 'failed']);
    expect(rig.notices).toMatchObject([
      {
        facts: {
          evidence: expect.stringContaining('in which container'),
          mend: 'Set reset.container in config.toml. Then: stint pool reset-auth anthropic',
        },
      },
    ]);
    expect(rig.audit).toMatchObject([{ kind: 'auth-reset.begun' }, { outcome: 'invalid' }]);
  });

  test('runs nothing before the notice of the recovery is stored', async () => {
    await using rig = await openRig({ reset: null });
    const closed = { kind: 'closed', window: 'five_hour', family: null, overage: false, evidence: 'rejected' } as const;
    await rig.observe({ signals: [{ ...closed, until: captured + minuteMs }] });
    rig.now += 2 * minuteMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.disk.ready = promise;
    const observed = rig.observe({ served: true });
    const looked = rig.resets.look();
    expect(rig.lines()).toEqual([]);
    resolve();
    await Promise.all([observed, looked]);
    expect(rig.lines()).toHaveLength(1);
    expect(rig.notices.map(({ kind }) => kind)).toEqual(['pool-exhausted', 'pool-recovered']);
    expect(rig.states).toEqual(['due', 'running', 'waiting']);
  });

  test('runs nothing before the disk knows that it runs', async () => {
    await using rig = await openRig({ reset: due });
    rig.disk.full = true;
    await rig.resets.look();
    await rig.resets.look();
    expect([rig.lines(), rig.states]).toEqual([[], []]);
    expect(rig.book.resets()).toMatchObject([{ reset: { state: 'due' } }]);
    rig.disk.full = false;
    // The first one finds out that there is room again.
    await rig.resets.look();
    await rig.resets.look();
    await rig.resets.look();
    expect(rig.lines()).toEqual([call]);
    expect(rig.book.resets()).toMatchObject([{ reset: { state: 'waiting' } }]);
  });

  test('runs the command once, however often it is looked at meanwhile', async () => {
    await using rig = await openRig({ reset: due });
    rig.resets.start();
    await Promise.all([rig.resets.look(), rig.resets.look()]);
    expect(rig.lines()).toHaveLength(1);
  });

  test('of two model families has one command run after the other', async () => {
    await using rig = await openRig({
      reset: due,
      families: ['opus', 'sonnet'],
      script: 'sleep 0.05; echo end >> $LOG',
    });
    await Promise.all([rig.resets.look(), rig.resets.run(work)]);
    expect(rig.lines()).toEqual([call, 'end', call, 'end', call, 'end']);
    expect(rig.states).toEqual(['running', 'waiting', 'running', 'waiting']);
  });

  test('runs nothing where the target was cleared meanwhile, and tells nobody', async () => {
    await using rig = await openRig({ reset: due, pool: { authResetTarget: '' } });
    await rig.resets.look();
    expect(rig.states).toEqual(['failed']);
    expect([rig.lines(), rig.notices, rig.audit]).toEqual([[], [], []]);
  });

  test('looks at the target once more when the disk knows that it runs', async () => {
    await using rig = await openRig({ reset: due });
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.disk.ready = promise;
    const looked = rig.resets.look();
    await savePool(rig.book, { ...poolOf(rig.book), authResetTarget: 'nous' });
    resolve();
    await looked;
    await rig.resets.look();
    expect(rig.lines()).toEqual(['auth reset nous']);
    expect(rig.states).toEqual(['running', 'due', 'running', 'waiting']);
  });

  test('leaves nothing of a pool that is removed while the disk is told that it runs', async () => {
    await using rig = await openRig({ reset: due });
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.disk.ready = promise;
    const looked = rig.resets.look();
    const removed = removePool(rig.book, work);
    resolve();
    await Promise.all([looked, removed]);
    expect(rig.lines()).toEqual([]);
    expect((await rig.book.store.load()).episodes).toEqual([]);
  });

  test('runs nothing where the pool was removed meanwhile', async () => {
    await using rig = await openRig({ reset: due, pool: null });
    await rig.resets.look();
    expect([rig.lines(), rig.states, rig.notices, rig.audit]).toEqual([[], [], [], []]);
  });
});

describe('after the clock was set back', () => {
  for (const state of ['running', 'waiting'] as const) {
    test(`a reset that was ${state} is watched for ten minutes from there`, async () => {
      await using rig = await openRig({ reset: { ...due, state, ranAt: captured + dayMs } });
      await rig.resets.look();
      expect(rig.states).toEqual([state]);
      rig.now += 10 * minuteMs;
      await rig.resets.look();
      expect(rig.states).toEqual([state, 'silent']);
    });
  }
});

describe('after a crash', () => {
  for (const state of ['running', 'waiting'] as const) {
    test(`a reset that was ${state} is not run again: the agent’s requests tell`, async () => {
      const reset: EpisodeReset = { ...due, state, ranAt: captured - minuteMs };
      await using rig = await openRig({ reset });
      await rig.resets.look();
      // That it was interrupted is noted once.
      const noted = state === 'running' ? ['running'] : [];
      await rig.resets.look();
      expect([rig.lines(), rig.states]).toEqual([[], noted]);
      rig.now += 1;
      await rig.ask();
      await rig.resets.look();
      expect([rig.lines(), rig.states]).toEqual([[], [...noted, 'resumed']]);
      expect(rig.notices[0]?.facts.interrupted).toBe(state === 'running' ? true : undefined);
    });

    test(`a reset that was ${state} is silent by wall clock, and says that nobody looked all the time`, async () => {
      await using rig = await openRig({ reset: { ...due, state, ranAt: captured - 20 * minuteMs } });
      await rig.resets.look();
      expect([rig.lines(), rig.states]).toEqual([[], ['silent']]);
      expect(rig.notices[0]?.facts.evidence).toEndWith(', for part of which Stint did not run');
      expect(rig.notices[0]?.facts.silent).toBe(state === 'waiting' ? true : undefined);
    });
  }
});

describe('a stop', () => {
  test('ends the command, tells nobody, and leaves the reset due', async () => {
    await using rig = await openRig({ reset: due, script: 'echo $$ > pid; exec sleep 300' });
    const looked = rig.resets.look();
    await rig.begun;
    await rig.resets.stop();
    await looked;
    expect(rig.states).toEqual(['running', 'due']);
    expect(rig.notices).toEqual([]);
    await rig.resets.look();
    expect(rig.states).toEqual(['running', 'due']);
    const refused: unknown = await rig.resets.run(work).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'unavailable' });
  });
});

describe('a stop before the command has begun', () => {
  test('leaves the reset due', async () => {
    await using rig = await openRig({ reset: due });
    const saved = rig.nextSave();
    const looked = rig.resets.look();
    await saved;
    await rig.resets.stop();
    await looked;
    expect(rig.states).toEqual(['running', 'due']);
    expect(rig.lines()).toEqual([]);
  });
});

describe('a reset that somebody asks for', () => {
  test('says how the command ended', async () => {
    await using rig = await openRig({ reset: null });
    expect(await rig.resets.run(work)).toEqual({
      detail:
        'hermes auth reset openai-codex on this machine ended with 0: was user. ' +
        'Whether the agent goes on shows when it asks again.',
    });
    expect(rig.audit.map((each) => each.kind)).toEqual(['auth-reset.begun', 'auth-reset.run']);
  });

  for (const [what, options, code] of [
    ['a pool that there is not', { pool: null }, 'not_found'],
    ['a pool without a target', { pool: { authResetTarget: '' } }, 'conflict'],
    ['a command that fails', { script: 'exit 1' }, 'upstream'],
    ['an agent without a command', { settings: { agent: 'claude' } }, 'invalid'],
  ] as const) {
    test(`is refused for ${what}`, async () => {
      await using rig = await openRig({ reset: null, ...options });
      const problem: unknown = await rig.resets.run(work).catch((error: unknown) => error);
      expect(problem).toMatchObject({ code, hint: expect.any(String) });
    });
  }
});

describe('a recovery without requests', () => {
  for (const [what, options, verified] of [
    ['an account with a usage endpoint', { verifies: 'usage' }, true],
    ['a pool that may be probed, and an account that may', { verifies: 'probe', pool: { probe: true } }, true],
    ['a pool that may be probed, and accounts of plans', { pool: { probe: true } }, false],
    ['a pool that may not be probed', { verifies: 'probe' }, false],
    ['no pool', { verifies: 'usage', pool: null }, false],
  ] as const) {
    test(`is ${verified ? '' : 'not '}seen with ${what}`, async () => {
      await using rig = await openRig({ reset: null, ...options });
      expect(rig.resets.canVerify(work)).toBe(verified);
      expect(rig.resets.canVerify(work, true)).toBe(verified || what === 'a pool that may not be probed');
    });
  }
});

function poolOf(book: Book): Pool {
  const pool = book.pool(work)?.pool;
  if (pool === undefined) throw new Error('the pool is gone');
  return pool;
}

const usual = 'echo was user';

type Options = {
  /** How the reset of an episode stands that a daemon before has left; null for none. */
  readonly reset: EpisodeReset | null;
  /** Of which model families there is one; of all models when absent. */
  readonly families?: readonly string[];
  readonly pool?: Partial<Pool> | null;
  readonly settings?: Partial<ResetSettings>;
  /** What `hermes` does after it has written down its arguments. */
  readonly script?: string;
  readonly verifies?: 'usage' | 'probe';
};

/** Resets on a book that has been opened again, with an executable `hermes` that writes down how it was called. */
async function openRig({ reset, families, pool: change = {}, settings = {}, script = usual, verifies }: Options) {
  const folder = temporaryFolder();
  const log = join(folder.path, 'calls');
  writeFileSync(join(folder.path, 'hermes'), `#!/bin/sh\nLOG=${log}\necho "$@" >> $LOG\n${script}\n`, { mode: 0o755 });
  const path = join(folder.path, 'stint.db');
  await fillBook(path, reset === null ? [] : (families ?? [null]).map((family) => episodeWith(reset, family)));
  const states: string[] = [];
  const notices: Notice[] = [];
  const audit: AuditEntry[] = [];
  const disk = { full: false, ready: Promise.resolve() };
  let saved = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const opened = await openBook({
    path,
    now: captured,
    wrapStore: (store) => ({
      ...store,
      async saveEpisode(episode, told = []) {
        await disk.ready;
        if (disk.full) throw new Error('SQLITE_FULL: database or disk is full');
        await store.saveEpisode(episode, told);
        if (episode.reset !== null) states.push(episode.reset.state);
        notices.push(...told);
        saved.resolve();
        saved = Promise.withResolvers<void>();
      },
    }),
  });
  const { book } = opened;
  const close = opened[Symbol.asyncDispose];
  if (change === null) await removePool(book, work);
  else await savePool(book, { ...poolOf(book), authResetTarget: 'openai-codex', ...change });
  const surroundings = {
    environment: { PATH: `${folder.path}:${process.env['PATH'] ?? ''}`, HOME: folder.path },
    kill: (pid: number, signal: NodeJS.Signals) => void process.kill(pid, signal),
  };
  const resets = new AuthResets({
    book,
    settings: () => ({ ...configSchema.parse({}).reset, ...settings }),
    containers: (place) => {
      begun.resolve();
      return openContainers(place, surroundings);
    },
    audit: async (entry) => void audit.push(entry),
    hasUsage: () => verifies === 'usage',
    mayProbe: () => verifies === 'probe',
    bug: (error) => {
      throw error;
    },
  });
  return Object.assign(opened, {
    resets,
    states,
    notices,
    audit,
    disk,
    /** How `hermes` was called. */
    lines: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []),
    nextSave: () => saved.promise,
    /** Resolves when a command is about to be started. */
    begun: begun.promise,
    /** An agent's request is sent, at this moment. */
    async ask() {
      const pool = book.pool(work);
      if (pool === undefined) throw new Error('the pool is gone');
      const request = { pool, session: asSessionId('s'), model: null };
      await book.begin(request, idOf('a'), { probe: false, failover: false });
      book.end(idOf('a'), { probe: false });
    },
    /** What an answer of the account told. */
    async observe(seen: { signals?: readonly Signal[]; served?: boolean }) {
      const nothing = { account: idOf('a'), model: null, sentAt: opened.now, signals: [], served: false };
      await book.observe({ ...nothing, ...seen });
    },
    async [Symbol.asyncDispose]() {
      await resets.stop();
      disk.full = false;
      await close();
      folder[Symbol.dispose]();
    },
  });
}

/** A book with one account, and episodes that have ended. */
async function fillBook(path: string, episodes: readonly Episode[]): Promise<void> {
  await using opened = await openBook({ path, now: captured });
  await addAccount(opened.book, buildAccount('a'));
  for (const episode of episodes) await opened.book.store.saveEpisode(episode);
}

function episodeWith(reset: EpisodeReset, family: string | null): Episode {
  return {
    id: family ?? 'e1',
    pool: work,
    family,
    exhaustedAt: captured - 60 * minuteMs,
    recoveredAt: captured - 1,
    model: 'claude-sonnet-5',
    verifiedBy: 'usage',
    reset,
  };
}
