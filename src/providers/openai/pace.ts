import { parseReset } from '../../core/limit/reset.ts';
import { minuteMs, secondMs } from '../../core/time.ts';

/** As Codex 0.169.0 reads in the words of an error how long to sleep, for all of which it does. */
const waits = /(try again in\s*)(\d+(?:\.\d+)?\s*(?:ms|s))(?:econds?)?\b/gi;

/** Shortens the waits that the words of an error tell to those that its client may sleep for. */
export function paceError(text: string): string {
  return text.replaceAll(waits, (whole, before, length) => {
    const waitMs = parseReset(String(length).toLowerCase().replace(/\s+/, ''), 0);
    return waitMs !== null && waitMs <= minuteMs ? whole : `${String(before)}${minuteMs / secondMs}s`;
  });
}
