import { z } from 'zod';
import { creditsWindow, entitlementWindow } from '../../core/limit/limit.ts';
import { parseResetPhrase } from '../../core/limit/reset-phrase.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { localTimeZone } from '../../lib/local-time-zone.ts';
import { nothingHeard, type Heard, type Listener } from '../profile.ts';

/** A shorter wait Gemini CLI serves itself; a longer one it sleeps through without a word on stdout. */
const longestOwnWaitMs = 60_000;
const dayZone = 'America/Los_Angeles';

/** `-o stream-json` of 0.61.0. */
const outputSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('init'), session_id: z.string(), model: z.string().optional() }),
  z.object({
    type: z.literal('result'),
    status: z.string(),
    error: z.object({ message: z.string() }).optional(),
  }),
]);

/**
 * Listens to Gemini CLI: stream-json on stdout, and its own lines on stderr, the only place where it tells how long it
 * will wait. The message of a failed tool is there as well, with its line ends: a line alone proves nothing.
 */
export function listenToGemini(now: () => number): Listener {
  let model: string | null = null;
  const stopped = (signal: Signal | null, hold: boolean): Heard => {
    return signal === null ? nothingHeard : { told: [{ kind: 'stopped', signal }], hold };
  };
  return (channel, line) => {
    if (channel === 'stderr') {
      const wait = longWait(line, model, now());
      if (wait !== null) return { told: [{ kind: 'stopped', signal: wait, waits: true }], hold: false };
      const end = signalOfEnd(line, model, now());
      return end === null ? nothingHeard : { told: [{ kind: 'supposed', signal: end }], hold: false };
    }
    const event =
      channel === 'stdout' && line.startsWith('{') ? outputSchema.safeParse(parseJson(line)).data : undefined;
    if (event === undefined) return nothingHeard;
    if (event.type === 'init') {
      model = event.model ?? null;
      return { told: [{ kind: 'session', id: event.session_id }], hold: false };
    }
    if (event.status === 'success') return { told: [{ kind: 'served' }], hold: false };
    return stopped(signalOfText(event.error?.message ?? '', model, now()), true);
  };
}

function longWait(line: string, model: string | null, now: number): Signal | null {
  const wait = /^Attempt \d{1,3} failed: (.*)\. Retrying after (\d{1,12}(?:\.\d+)?)ms\.\.\.$/.exec(line);
  const delayMs = Number(wait?.[2] ?? 0);
  if (delayMs <= longestOwnWaitMs) return null;
  const evidence = (wait?.[1] ?? '').slice(0, 200);
  return { kind: 'closed', window: 'quota', family: model, overage: false, until: Math.ceil(now + delayMs), evidence };
}

/** What ends a turn is told as an error with its stack, and in text mode nowhere else. */
function signalOfEnd(line: string, model: string | null, now: number): Signal | null {
  const end = /^(?:Error when talking to Gemini API Full report available at: \S+ )?TerminalQuotaError: (.*)$/.exec(
    line,
  );
  return end === null ? null : signalOfText(end[1] ?? '', model, now);
}

/** The CLI's own sentences for what ends a turn. */
function signalOfText(text: string, model: string | null, now: number): Signal | null {
  const evidence = text.replace(/\s+/g, ' ').slice(0, 200);
  const closed = (window: string, until: number | null, family: string | null): Signal => {
    return { kind: 'closed', window, family, overage: false, until, evidence };
  };
  if (/You have exhausted your daily quota on this model|\bper day per user\b/.test(text))
    return closed('day', nextDay(now), model);
  if (/You have exhausted your capacity on this model/.test(text))
    return closed('quota', parseResetPhrase(text, now, localTimeZone()), model);
  if (/insufficient AI credits/.test(text)) return closed(creditsWindow, null, null);
  if (/Verify your account to continue/.test(text)) return closed(entitlementWindow, null, null);
  return null;
}

/** A day of Google's quotas ends at midnight in California. https://ai.google.dev/gemini-api/docs/rate-limits */
function nextDay(now: number): number {
  const today = Temporal.Instant.fromEpochMilliseconds(Math.floor(now)).toZonedDateTimeISO(dayZone).startOfDay();
  return today.add({ days: 1 }).startOfDay().epochMilliseconds;
}
