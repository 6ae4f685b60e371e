const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayMs = 86_400_000;

/**
 * Reads when a limit resets from the text of an API-error entry of Claude Code 2.1.197: `resets 12:57am (UTC)`,
 * `resets Nov 23, 7:31am (Europe/Rome)`, with a year where it is another one. Null where it says none.
 */
export function resetOf(text: string, now: number): number | null {
  const match =
    /· resets (?:([A-Z][a-z]{2}) (\d{1,2})(?:, (\d{4}))?,? (?:at )?)?(\d{1,2})(?::(\d{2}))?(am|pm) \(([A-Za-z0-9_+\-/]{1,40})\)/.exec(
      text,
    );
  if (match === null) return null;
  const [, monthName, day, year, hour, minute = '0', half, timeZone = 'UTC'] = match;
  try {
    const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone);
    const time = { hour: (Number(hour) % 12) + (half === 'pm' ? 12 : 0), minute: Number(minute), second: 0 };
    const start = today.startOfDay().with(time);
    if (monthName === undefined) return nextDay(start, now);
    const month = months.indexOf(monthName.toLowerCase()) + 1;
    const at = start.with({ day: 1, month }).with({ day: Number(day) });
    const dated = year === undefined ? at : at.with({ year: Number(year) });
    // Late in December `Jan 2` is one of the coming year.
    const late = year === undefined && dated.epochMilliseconds < now - dayMs;
    return (late ? dated.add({ years: 1 }) : dated).epochMilliseconds;
  } catch {
    return null;
  }
}

/** Minutes are cut off: a time of this very minute is now, not tomorrow. */
function nextDay(at: Temporal.ZonedDateTime, now: number): number {
  return (at.epochMilliseconds < now - 60_000 ? at.add({ days: 1 }) : at).epochMilliseconds;
}
