const hourMs = 3_600_000;

const clock = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/Los_Angeles',
  hourCycle: 'h23',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
});

/**
 * Tells when the Pacific day of `now` ends, in epoch ms: daily quotas of the Gemini API start again then
 * (https://ai.google.dev/gemini-api/docs/rate-limits). A day of 23 or 25 hours ends at midnight too.
 */
export function endOfPacificDay(now: number): number {
  const end = now - sinceMidnight(now) + 24 * hourMs;
  const drift = sinceMidnight(end);
  return drift > 12 * hourMs ? end + (24 * hourMs - drift) : end - drift;
}

/** What the clock on a Pacific wall shows, in ms. */
function sinceMidnight(now: number): number {
  const read = new Map(clock.formatToParts(now).map(({ type, value }) => [type, Number(value)]));
  const seconds = (read.get('hour') ?? 0) * 3600 + (read.get('minute') ?? 0) * 60 + (read.get('second') ?? 0);
  return seconds * 1000 + (now % 1000);
}
