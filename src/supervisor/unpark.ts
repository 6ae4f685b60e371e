import type { Label } from '../core/ids.ts';
import type { Job, ParkReason } from '../core/job/job.ts';
import { selectionsOf, type Resolved } from '../core/job/ladder.ts';
import { isInMargin, parkFor } from '../core/job/park.ts';
import { compareJobs } from '../core/job/ready.ts';
import type { EpochMs } from '../core/time.ts';
import type { Dispatch } from './dispatch.ts';
import type { Ramp } from './ramp.ts';

/** What a look at parked jobs goes by. */
export type UnparkView = {
  readonly jobs: Iterable<Job>;
  readonly now: EpochMs;
  /** Something opened since the last look: those whose time has not come are tried as well. */
  readonly mayBeFreed: boolean;
  readonly resolve: (job: Job) => Resolved;
  /** The pool that a job asks for. */
  readonly poolOf: (job: Job) => Label;
  readonly ramp: Pick<Ramp, 'take' | 'next' | 'reset'>;
  /** In [0, 1). */
  readonly random: () => number;
};

/** `isRefused`: some that may go on wait for the ramp. */
export type Unpark = Dispatch & { readonly isRefused: boolean };

const says: Readonly<Record<ParkReason, string>> = {
  limit: 'You were interrupted by a usage limit, which has ended.',
  login: 'You were interrupted because no account could be used; one can now.',
  disk: 'You were interrupted because the disk was full.',
  user: 'You were paused.',
};

/** Decides which parked jobs go on, whose time has come or for whom something opened, and which are parked again. */
export function unpark({ jobs, now, mayBeFreed, resolve, poolOf, ramp, random }: UnparkView): Unpark {
  const events: Dispatch['events'][number][] = [];
  const parked = [...jobs].filter(({ state }) => state.kind === 'parked' && state.reason !== 'user');
  let nextAt: EpochMs | null = null;
  let isRefused = false;
  const sooner = (at: EpochMs | null): void => {
    if (at !== null && (nextAt === null || at < nextAt)) nextAt = at;
  };
  // Those that ask for the same are refused alike: a thousand of them are looked at once.
  const refused = new Set<string>();
  for (const job of parked.toSorted(compareJobs)) {
    const state = job.state as Extract<Job['state'], { kind: 'parked' }>;
    const { dueAt } = state;
    const isDue = dueAt !== null && dueAt <= now;
    // What opens among accounts makes no room on a disk.
    const mayBe = mayBeFreed && state.reason !== 'disk';
    if (!isDue && (!mayBe || isInMargin(state, now))) {
      sooner(dueAt);
      continue;
    }
    const wish = wishOf(job);
    if (refused.has(wish)) continue;
    const resolved = resolve(job);
    if (resolved.kind === 'closed') {
      if (!isDue) {
        sooner(dueAt);
        continue;
      }
      const park = parkFor(selectionsOf(resolved), now, random());
      ramp.reset(poolOf(job));
      sooner(park.dueAt);
      events.push({ job: job.id, event: { kind: 'park', park } });
    } else if (ramp.take(resolved.rung.account ?? resolved.rung.pool)) {
      events.push({
        job: job.id,
        event: { kind: 'unpark', because: isDue ? 'due' : 'freed', says: says[state.reason] },
      });
    } else {
      refused.add(wish);
      isRefused = true;
      sooner(ramp.next(resolved.rung.account ?? resolved.rung.pool));
    }
  }
  return { events, nextAt, isRefused };
}

/** Jobs of which this is the same find the same open. */
export function wishOf({ id, spec: { agent, pool, model, ladder }, usualModel, stopped }: Job): string {
  return JSON.stringify([agent, pool, model ?? usualModel, ladder, stopped === null ? null : id]);
}
