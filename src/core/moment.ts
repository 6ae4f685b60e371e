import { dayMs, hourMs, minuteMs, secondMs, type EpochMs } from './time.ts';

/** Reads a length of time as people write it: `90s`, `2h30m`, `1d 4h`. Null for any other text, and for none at all. */
export function parseLength(text: string): number | null {
  const match = /^(?:(\d{1,4})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?$/.exec(text.replace(/\s+/g, ''));
  const parts = match?.slice(1);
  if (parts === undefined || parts.every((each) => each === undefined)) return null;
  const units = [dayMs, hourMs, minuteMs, secondMs];
  return units.reduce((sum, unitMs, index) => sum + Number(parts[index] ?? 0) * unitMs, 0);
}

/** Reads a moment: ISO 8601 with its offset, or epoch milliseconds. Null for any other text. */
export function parseMoment(value: string | number): EpochMs | null {
  const text = String(value).trim();
  if (/^\d{12,15}(\.\d+)?$/.test(text)) return Math.round(Number(text));
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return null;
  }
}
