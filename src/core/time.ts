/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Renders a length of time by its two largest units, rounded up to the second: `2h 5m`, `3d 4h`, `12s`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.ceil(durationMs / secondMs));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first === -1) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}

/**
 * Renders a moment in a time zone (IANA name), short for the same day: `14:05 CET`, else `Nov 23, 07:31 CET`;
 * another year is added.
 */
export function formatMoment(at: EpochMs, now: EpochMs, timeZone: string): string {
  const moment = Temporal.Instant.fromEpochMilliseconds(Math.round(at)).toZonedDateTimeISO(timeZone);
  const today = Temporal.Instant.fromEpochMilliseconds(Math.round(now)).toZonedDateTimeISO(timeZone);
  const sameDay = moment.toPlainDate().equals(today.toPlainDate());
  return moment.toLocaleString('en-US', {
    ...(sameDay ? {} : { month: 'short', day: 'numeric' }),
    ...(moment.year === today.year ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
}

/** Renders a moment both ways: `in 2h 5m (14:05 CET)`. */
export function formatWhen(at: EpochMs, now: EpochMs, timeZone: string): string {
  const moment = formatMoment(at, now, timeZone);
  return at > now ? `in ${formatDuration(at - now)} (${moment})` : `${formatDuration(now - at)} ago (${moment})`;
}
