import { dayMs, minuteMs, type EpochMs } from '../time.ts';
import { parseReset } from './reset.ts';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** A time of day, its date before it or none: `3pm`, `Nov 23, 7:31am`, `Nov 23rd, 2026 7:46 AM`, `3:05 PM UTC`, `3pm (Europe/Rome)`. */
const moment =
  /\b(?:resets|resets at|reset at|again at|until)\s+(?:at\s+)?(?:([A-Z][a-z]{2})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?,? (?:at )?)?(\d{1,2})(?::(\d{2}))?\s?([ap])m\b(?:\s*\(([\w+\-/]{1,40})\)|\s+([A-Z]{3,4})\b)?/i;

/** A length of time: `in 2s`, `in 5 days 22 hours 11 minutes`, `after 3h12m5s`, `in 35.6s`. */
const wait =
  /\b(?:in|after)\s+((?:\d{1,9}(?:\.\d{1,9})?\s*(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b[\s,]*(?:and\s+)?)+|(?:\d{1,9}(?:\.\d{1,9})?(?:ms|[smhd]))+)/i;

/**
 * Reads when a limit ends from the words in which the CLIs tell it (Claude Code 2.1.197, Codex 0.169.0, Gemini CLI
 * 0.61.0). A time without a zone is one of `timeZone`, a time without a date the next one there is. Null where the text
 * says none, or one that does not exist.
 */
export function parseResetPhrase(text: string, now: EpochMs, timeZone: string): EpochMs | null {
  const at = moment.exec(text);
  if (at !== null) return readMoment(at, now, timeZone);
  const length = wait.exec(text)?.[1];
  return length === undefined ? null : readLength(length, now);
}

function readMoment(match: RegExpExecArray, now: EpochMs, ownZone: string): EpochMs | null {
  const [, monthName, day, year, hour, minute = '0', half, named, abbreviated] = match;
  if (Number(hour) < 1 || Number(hour) > 12 || Number(minute) > 59) return null;
  try {
    const today = Temporal.Instant.fromEpochMilliseconds(Math.floor(now)).toZonedDateTimeISO(
      named ?? zoneOf(abbreviated) ?? ownZone,
    );
    const time = { hour: (Number(hour) % 12) + (half?.toLowerCase() === 'p' ? 12 : 0), minute: Number(minute) };
    if (monthName === undefined) return nextDay(today.toPlainDate(), time, { today, now });
    const month = months.indexOf(monthName.toLowerCase()) + 1;
    const date = Temporal.PlainDate.from(
      { year: Number(year ?? today.year), month, day: Number(day) },
      { overflow: 'reject' },
    );
    const dated = at(date, time, today.timeZoneId);
    // Late in December `Jan 2` is one of the coming year.
    if (year !== undefined || dated >= now - dayMs) return dated;
    return at(date.add({ years: 1 }), time, today.timeZoneId);
  } catch {
    return null;
  }
}

type TimeOfDay = { readonly hour: number; readonly minute: number };

/** Minutes are cut off: a time of this very minute is now, not tomorrow. */
function nextDay(
  date: Temporal.PlainDate,
  time: TimeOfDay,
  { today, now }: { today: Temporal.ZonedDateTime; now: EpochMs },
): EpochMs {
  const first = at(date, time, today.timeZoneId);
  return first < now - minuteMs ? at(date.add({ days: 1 }), time, today.timeZoneId) : first;
}

/** On the day itself, for a day may have 23 or 25 hours; a time that it skips is the one after the gap. */
function at(date: Temporal.PlainDate, time: TimeOfDay, timeZone: string): EpochMs {
  return date.toZonedDateTime({ timeZone, plainTime: time }).epochMilliseconds;
}

/** Other abbreviations mean several zones. */
function zoneOf(abbreviation: string | undefined): string | undefined {
  return abbreviation === 'UTC' || abbreviation === 'GMT' ? 'UTC' : undefined;
}

const units: readonly (readonly [RegExp, string])[] = [
  [/milliseconds?|ms/gi, 'ms'],
  [/seconds?|secs?|s/gi, 's'],
  [/minutes?|mins?|m(?!s)/gi, 'm'],
  [/hours?|hrs?|h/gi, 'h'],
  [/days?|d/gi, 'd'],
];

function readLength(text: string, now: EpochMs): EpochMs | null {
  const compact = text.replaceAll(/[\s,]|\band\b/g, ' ');
  const parts = [...compact.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)];
  const total = parts.reduce((sum, [, amount = '', unit = '']) => sum + lengthMs(amount, unit, now), 0);
  return Number.isFinite(total) && total > 0 ? Math.ceil(now + total) : null;
}

function lengthMs(amount: string, unit: string, now: EpochMs): number {
  const short = units.find(([words]) => new RegExp(`^(?:${words.source})$`, 'i').test(unit))?.[1];
  if (short === undefined) return Number.NaN;
  const whole = amount.includes('.') && short !== 's' ? String(Math.ceil(Number(amount))) : amount;
  const until = parseReset(`${whole}${short}`, now);
  return until === null ? 0 : until - now;
}
