import { dayMs, type EpochMs } from '../time.ts';
import type { Action } from './action.ts';
import { diskFullBytes, diskLowBytes, diskRoomBytes } from './numbers.ts';

export type DiskFacts = {
  /** Null where nobody can tell, which changes nothing. */
  readonly freeBytes: number | null;
  readonly isPaused: boolean;
  /** When people were told last; once a day is enough. */
  readonly warnedAt: EpochMs | null;
};

/** Before the disk is full, when nothing could be written down any more, people are told, and then nothing is started. */
export function disk({ freeBytes, isPaused, warnedAt }: DiskFacts, now: EpochMs): Action | null {
  if (freeBytes === null) return null;
  const act = (deed: 'warn' | 'pause' | 'go-on', why: string): Action => {
    return { rule: 'disk', deed, why, facts: { freeBytes, isPaused, warnedAt } };
  };
  const left = `the disk of Stint’s home has ${megabytes(freeBytes)} left`;
  if (isPaused) return freeBytes >= diskRoomBytes ? act('go-on', `${left}, and jobs are started again`) : null;
  if (freeBytes < diskFullBytes)
    return act('pause', `${left}, and no job is started before it has ${megabytes(diskRoomBytes)}`);
  const isTold = warnedAt !== null && now - warnedAt < dayMs;
  return freeBytes < diskLowBytes && !isTold
    ? act('warn', `${left}; below ${megabytes(diskFullBytes)} no job is started`)
    : null;
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1_000_000)} MB`;
}
