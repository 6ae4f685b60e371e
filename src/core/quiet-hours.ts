import type { EpochMs } from './time.ts';

/**
 * The time of each day in which people are not told: from one time of day (`22:00`) to another, over midnight where that is
 * not later. Empty or equal times are no quiet hours.
 */
export type QuietHours = {
  readonly from: string;
  readonly to: string;
  /** IANA name. */
  readonly timeZone: string;
};

/** When the quiet hours end in which this moment lies; null when it lies in none. Their end is no part of them. */
export function quietUntil(at: EpochMs, hours: QuietHours): EpochMs | null {
  const { from, to, timeZone } = hours;
  if (from === '' || to === '' || from === to) return null;
  const today = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(timeZone).toPlainDate();
  for (const day of [today.subtract({ days: 1 }), today]) {
    const start = momentOf(day, from, timeZone);
    const end = momentOf(to > from ? day : day.add({ days: 1 }), to, timeZone);
    if (at >= start && at < end) return end;
  }
  return null;
}

/** A time that a clock skips is as much later as it skips; of one that it shows twice the first counts. */
function momentOf(day: Temporal.PlainDate, time: string, timeZone: string): EpochMs {
  return day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds;
}
