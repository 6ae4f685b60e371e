import type { AccountId, Label } from '../core/ids.ts';
import { minuteMs, type EpochMs } from '../core/time.ts';

const stepMs = 250;
const probeMs = 5000;
/** When nobody went on for so long, the herd is over; longer than parks are apart by chance. */
const idleMs = 2 * minuteMs;

/** The account of a profile; the pool in gateway mode, where the gateway probes each account itself. */
type RampKey = Label | AccountId;
type Herd = { readonly startedAt: EpochMs; takenAt: EpochMs; verifiedAt: EpochMs | null; resumed: number };

/**
 * How many parked jobs of an account or a pool may go on at a time: one, and when it has worked, or has not failed within five seconds,
 * twice as many every quarter of a second, so that a thousand that were due at once do not meet a provider at once.
 */
export class Ramp {
  readonly #clock: () => EpochMs;
  readonly #herds = new Map<RampKey, Herd>();

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  /** Takes a place; false where this one has to wait until `next`. */
  take(of: RampKey): boolean {
    const now = this.#clock();
    const present = this.#herds.get(of);
    const isOver = present === undefined || now - present.takenAt > idleMs || now < present.startedAt;
    const known = isOver ? { startedAt: now, takenAt: now, verifiedAt: null, resumed: 0 } : present;
    this.#herds.set(of, known);
    if (known.resumed >= allowed(known, now)) return false;
    known.resumed += 1;
    known.takenAt = now;
    return true;
  }

  /** A turn was served: what opened is open. */
  verified(of: RampKey): void {
    const known = this.#herds.get(of);
    if (known !== undefined) known.verifiedAt ??= this.#clock();
  }

  /** It closed again: what comes then begins with one. */
  reset(of: RampKey): void {
    this.#herds.delete(of);
  }

  /** Nobody knows any more who went on. */
  clear(): void {
    this.#herds.clear();
  }

  /** When the next place is there; null where there is none to wait for. */
  next(of: RampKey): EpochMs | null {
    const known = this.#herds.get(of);
    if (known === undefined) return null;
    const now = this.#clock();
    if (known.resumed < allowed(known, now)) return now;
    const from = known.verifiedAt ?? known.startedAt + probeMs;
    if (now < from) return from;
    return from + (Math.floor((now - from) / stepMs) + 1) * stepMs;
  }
}

function allowed({ startedAt, verifiedAt }: Herd, now: EpochMs): number {
  const from = verifiedAt ?? startedAt + probeMs;
  // A clock that was set back begins anew with one.
  return now < from ? 1 : 2 ** Math.min(Math.floor((now - from) / stepMs) + 1, 30);
}
