import { expect, test } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { AuditEntry } from '../core/audit.ts';
import { asAttemptId } from '../core/ids.ts';
import type { Notice } from '../core/notice.ts';
import { hourMs } from '../core/time.ts';
import type { Action } from '../core/watch/action.ts';
import { agentProcesses } from '../processes/agent-processes.ts';
import { watchedWorld, type WorldDeps } from './watched-world.ts';

function open(folder: string, more: Partial<WorldDeps> = {}) {
  const told = { audit: [] as AuditEntry[], notices: [] as Notice[] };
  const world = watchedWorld({
    ...{ folder, pid: process.pid, processes: agentProcesses({ folder, kill: () => undefined }) },
    requests: () => Promise.resolve({ lastAt: null, open: 0, held: 0 }),
    ...{ idleMs: () => 0, clock: () => 0, log: { warning: () => undefined } },
    audit: (entry) => void told.audit.push(entry),
    addNotices: (notices) => void told.notices.push(...notices),
    ...more,
  });
  return { world, told };
}

test('processes are found by what they carry, and are of this home where its files are', async () => {
  using folder = temporaryFolder();
  const { world } = open(folder.path);
  mkdirSync(join(folder.path, 'watched-a.1'));
  const child = Bun.spawn(['sleep', '60'], { env: { STINT_ATTEMPT: 'watched-a.1', PATH: process.env['PATH'] ?? '' } });
  const found = await world.marked();
  const [a, b] = [asAttemptId('watched-a.1'), asAttemptId('watched-b.1')];
  expect(found.find(({ attempt }) => attempt === a)).toEqual({ attempt: a, pids: [child.pid] });
  expect([await world.isOfThisHome(a), await world.isOfThisHome(b)]).toEqual([true, false]);
  const within = open(folder.path, { pid: child.pid }).world;
  expect((await within.marked()).some(({ attempt }) => attempt === a)).toBe(false);
  child.kill();
  await child.exited;
});

test('the disk is that of the home, and a home that is gone is unknown', async () => {
  using folder = temporaryFolder();
  // The folder of attempts is made with the first of them.
  expect(await open(join(folder.path, 'attempts')).world.freeBytes()).toBeGreaterThan(0);
  expect(open(join(folder.path, 'gone', 'attempts')).world.freeBytes()).rejects.toThrow();
});

test('a disk that is nearly full is told to people once a day, and every action is on record', () => {
  using folder = temporaryFolder();
  const action: Action = { rule: 'disk', deed: 'warn', why: '400 MB left', facts: { freeBytes: 4e8 } };
  let now = 24 * hourMs;
  const { world, told } = open(folder.path, { clock: () => now });
  world.told(action);
  now += hourMs;
  world.told(action);
  world.told({ ...action, deed: 'go-on' });
  now += 24 * hourMs;
  world.told(action);
  expect(new Set(told.notices.map(({ id }) => id)).size).toBe(2);
  expect(told.notices[0]).toMatchObject({ kind: 'disk-low', facts: { evidence: '400 MB left' } });
  expect(told.audit.map(({ kind, detail }) => `${kind} ${detail}`)).toEqual([
    ...['job.watch.disk warn: 400 MB left', 'job.watch.disk warn: 400 MB left'],
    ...['job.watch.disk go-on: 400 MB left', 'job.watch.disk warn: 400 MB left'],
  ]);
});
