import { describe, expect, test } from 'bun:test';
import { idOf, labelFrom } from '../../test/builders.ts';
import { buildJob } from '../../test/job-builder.ts';
import { asJobId } from '../core/ids.ts';
import type { Job, ParkReason } from '../core/job/job.ts';
import type { Resolved } from '../core/job/ladder.ts';
import { unpark, type UnparkView } from './unpark.ts';

const now = 1_000_000;
const pool = labelFrom('work');
const open: Resolved = {
  kind: 'rung',
  rung: { agent: 'claude', pool, model: null, account: null },
  isPreferred: true,
  tried: [],
};
const skipped = [{ account: idOf('a'), reason: 'closed', until: null, window: 'five_hour' }] as const;
const closed: Resolved = {
  kind: 'closed',
  tried: [
    {
      agent: 'claude',
      pool,
      model: null,
      selection: { kind: 'wait', until: now + 60_000, queued: false, skipped: [...skipped] },
    },
  ],
};

function parked(id: string, dueAt: number | null, reason: ParkReason = 'limit'): Job {
  const state = { kind: 'parked', reason, dueAt, estimated: false, detail: 'used up', since: 0 } as const;
  return buildJob({ id: asJobId(id), state });
}

function look(jobs: readonly Job[], more: Partial<UnparkView> & { places?: number } = {}) {
  let places = more.places ?? 1000;
  let resolved = 0;
  const reset: string[] = [];
  const decided = unpark({
    ...{ jobs, now, mayBeFreed: false, poolOf: () => pool, random: () => 0, ...more },
    resolve: (job) => {
      resolved += 1;
      return more.resolve?.(job) ?? open;
    },
    ramp: { take: () => (places -= 1) >= 0, next: () => now + 250, reset: (each) => void reset.push(each) },
  });
  const events = decided.events.map(
    ({ job, event }) => `${job} ${event.kind} ${'because' in event ? event.because : ''}`,
  );
  const says = decided.events.flatMap(({ event }) => ('says' in event ? [event.says] : []));
  return { ...decided, events, says, resolved, reset };
}

describe('a look at parked jobs', () => {
  test('lets those go on that are due, and tells when the next is', () => {
    const found = look([parked('a', now), parked('b', now + 500), parked('c', now - 1), parked('d', null, 'login')]);
    expect(found.events).toEqual(['a unpark due', 'c unpark due']);
    expect(found).toMatchObject({ nextAt: now + 500, isRefused: false });
  });

  test('lets all go on when something opened, but those that a person has parked', () => {
    const jobs = [parked('a', now + 500_000), parked('b', null, 'login'), parked('c', null, 'user')];
    expect(look(jobs, { mayBeFreed: true }).events).toEqual(['a unpark freed', 'b unpark freed']);
  });

  test('lets nobody go on for whom the disk is full because an account opened, and tells each what it waited for', () => {
    const jobs = [parked('a', now + 500_000, 'disk'), parked('b', now, 'disk')];
    const found = look(jobs, { mayBeFreed: true });
    expect(found.events).toEqual(['b unpark due']);
    expect(found.says).toEqual(['You were interrupted because the disk was full.']);
  });

  test('does not let its own reset pass for something that opened: the margin is waited for', () => {
    // Parked for an hour: the account opens a minute before, with more jitter two.
    const job = (leftMs: number): Job => {
      const state = { kind: 'parked', reason: 'limit', dueAt: now + leftMs, estimated: false, detail: '' } as const;
      return buildJob({ state: { ...state, since: now + leftMs - 3_660_000 } });
    };
    const freed = { mayBeFreed: true };
    expect(look([job(60_000)], freed)).toMatchObject({ events: [], nextAt: now + 60_000 });
    expect(look([job(180_000)], freed).events).toEqual(['job1 unpark freed']);
  });

  test('parks those again that are due and find all closed, and begins the ramp anew', () => {
    const found = look([parked('a', now), parked('b', now + 500)], { resolve: () => closed, mayBeFreed: true });
    expect(found.events).toEqual(['a park ']);
    expect(found).toMatchObject({ nextAt: now + 500, reset: [pool] });
  });

  test('resolves no more of a thousand that ask for the same than the ramp takes', () => {
    const jobs = Array.from({ length: 1000 }, (_, place) => parked(`j${place}`, now));
    const found = look(jobs, { places: 4 });
    expect([found.events.length, found.resolved]).toEqual([4, 5]);
    expect(found).toMatchObject({ nextAt: now + 250, isRefused: true });
  });
});
