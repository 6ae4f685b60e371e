import { dayMs, hourMs, minuteMs, secondMs, type EpochMs } from '../time.ts';

const longestText = 64;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * Reads a reset time as providers write it: seconds from now (`30`, `1.5`), epoch seconds or milliseconds, a length
 * (`6m0s`, `1d2h`, `1500ms`), an HTTP date (RFC 9110, 5.6.7) or ISO 8601 with an offset. Null when it does not parse
 * or lies in the past, so that the caller goes on to its next source; `observeClosed` does the clamping.
 */
export function parseReset(text: string | null | undefined, now: EpochMs): EpochMs | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '' || trimmed.length > longestText) return null;
  const at = trimmed[4] === '-' ? parseIso(trimmed) : parseOther(trimmed, now);
  return at === null || at < now ? null : Math.ceil(at);
}

function parseOther(text: string, now: EpochMs): EpochMs | null {
  return parseNumber(text, now) ?? parseLength(text, now) ?? parseHttpDate(text) ?? parseIso(text);
}

/** Below 1e9 a number is a length in seconds, from 1e9 epoch seconds, from 1e12 epoch milliseconds. */
function parseNumber(text: string, now: EpochMs): EpochMs | null {
  if (!/^\d{1,15}(\.\d{1,9})?$/.test(text)) return null;
  const value = Number(text);
  if (value >= 1e12) return value;
  if (value >= 1e9) return value * secondMs;
  return now + value * secondMs;
}

function parseLength(text: string, now: EpochMs): EpochMs | null {
  const match =
    /^(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,12})ms)?$/.exec(text);
  if (match === null) return null;
  const units = [dayMs, hourMs, minuteMs, secondMs, 1];
  return units.reduce((sum, unitMs, index) => sum + Number(match[index + 1] ?? 0) * unitMs, now);
}

function parseHttpDate(text: string): EpochMs | null {
  const match = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT$/.exec(text);
  if (match === null) return null;
  const month = months.indexOf(match[2] ?? '') + 1;
  return parseIso(`${match[3]}-${String(month).padStart(2, '0')}-${match[1]}T${match[4]}Z`);
}

function parseIso(text: string): EpochMs | null {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return null;
  }
}
