import { z } from 'zod';
import { creditsWindow, entitlementWindow } from '../../core/limit/limit.ts';
import { parseResetPhrase } from '../../core/limit/reset-phrase.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { localTimeZone } from '../../lib/local-time-zone.ts';
import { nothingHeard, type Heard, type Listener, type Told } from '../profile.ts';

type Closed = Extract<Signal, { kind: 'closed' }>;

/** `rate_limit_event` of stream-json; without `resetsAt` it tells of a throttle, which is no limit of the account. */
const limitEventSchema = z.object({
  type: z.literal('rate_limit_event'),
  rate_limit_info: z.object({
    status: z.string(),
    resetsAt: z.number().optional(),
    rateLimitType: z.string().optional(),
    utilization: z.number().optional(),
    isUsingOverage: z.boolean().optional(),
    overageStatus: z.string().optional(),
    overageResetsAt: z.number().optional(),
  }),
});

/** An API error as Claude Code shows it: an assistant's message that no model wrote, in the output and in the transcript. */
const errorEntrySchema = z.object({
  type: z.literal('assistant'),
  error: z.string(),
  parent_tool_use_id: z.string().nullable().default(null),
  isSidechain: z.boolean().optional(),
  message: z.object({
    model: z.literal('<synthetic>'),
    content: z.array(z.object({ type: z.string(), text: z.string().optional() })),
  }),
});

const initSchema = z.object({ type: z.literal('system'), subtype: z.literal('init'), session_id: z.string() });
const resultSchema = z.object({ type: z.literal('result'), is_error: z.boolean() });
const turnEndSchema = z.object({
  type: z.literal('assistant'),
  isSidechain: z.literal(false),
  message: z.object({ stop_reason: z.literal('end_turn') }),
});

const families: Readonly<Record<string, string>> = {
  seven_day_opus: 'opus',
  seven_day_sonnet: 'sonnet',
  seven_day_overage_included: 'fable',
};

/** Windows by the words of an error's text, where no event named the window. Claude Code 2.1.197. */
const windowWords: readonly (readonly [RegExp, string])[] = [
  [/hit your session limit/, 'five_hour'],
  [/hit your weekly limit/, 'seven_day'],
  [/hit your Opus limit/, 'seven_day_opus'],
  [/hit your Sonnet limit/, 'seven_day_sonnet'],
  [/hit your Fable[\w .]* limit/, 'seven_day_overage_included'],
  [/(monthly spend|org's monthly usage) limit|out of usage/, creditsWindow],
  [/hit your (usage )?limit/, 'unified'],
];

/** Listens to Claude Code: stream-json on stdout, JSONL in the transcript. */
export function listenToClaude(now: () => number): Listener {
  // The event comes before the error that it explains, and names window and time exactly.
  let rejected: Closed | null = null;
  let stopped = false;
  return (channel, line) => {
    if (channel === 'stderr' || !line.startsWith('{')) return nothingHeard;
    const event = parseJson(line);
    const limit = limitEventSchema.safeParse(event).data?.rate_limit_info;
    if (limit !== undefined) {
      const signal = signalOf(limit);
      if (signal?.kind === 'closed' && !signal.overage) rejected = signal;
      return heard(signal === null ? [] : [{ kind: 'signal', signal }]);
    }
    const error = errorEntrySchema.safeParse(event).data;
    if (error !== undefined) {
      const signal = errorSignal(error, rejected, now());
      if (signal === null) return nothingHeard;
      // A subagent's turn is not the session's.
      if (error.parent_tool_use_id !== null || error.isSidechain === true) return heard([{ kind: 'signal', signal }]);
      stopped = true;
      return { told: [{ kind: 'stopped', signal }], hold: true };
    }
    const result = channel === 'stdout' ? resultSchema.safeParse(event).data : undefined;
    if (result !== undefined) return result.is_error ? { told: [], hold: stopped } : heard([{ kind: 'served' }]);
    return heard(passing(channel, event));
  };
}

function heard(told: readonly Told[]): Heard {
  return { told, hold: false };
}

function passing(channel: 'stdout' | 'transcript', event: unknown): Told[] {
  if (channel === 'transcript') return turnEndSchema.safeParse(event).success ? [{ kind: 'served' }] : [];
  const init = initSchema.safeParse(event).data;
  return init === undefined ? [] : [{ kind: 'session', id: init.session_id }];
}

function signalOf(info: z.infer<typeof limitEventSchema>['rate_limit_info']): Signal | null {
  const { status, resetsAt, rateLimitType: window, isUsingOverage = false } = info;
  if (resetsAt === undefined || window === undefined || window === 'overage') return null;
  const family = families[window] ?? null;
  // Where both refuse, nothing is served before both have been reset.
  const overageUntil = info.overageStatus === 'rejected' ? (info.overageResetsAt ?? 0) : 0;
  const until = Math.max(resetsAt, status === 'rejected' ? overageUntil : 0) * 1000;
  if (status !== 'rejected')
    return info.utilization === undefined
      ? null
      : { kind: 'reading', window, family, utilization: info.utilization, resetsAt: until };
  const evidence = isUsingOverage ? `${window} used up, served as overage` : `${window} rejected`;
  return { kind: 'closed', window, family, overage: isUsingOverage, until, evidence };
}

/** What an API error says of the account; null for one that is not the account's, such as an overload. */
function errorSignal(entry: z.infer<typeof errorEntrySchema>, rejected: Closed | null, now: number): Signal | null {
  const text = entry.message.content.map((each) => each.text ?? '').join(' ');
  const evidence = text.replace(/\s+/g, ' ').slice(0, 200);
  const closed = (window: string, until: number | null): Closed => {
    return { kind: 'closed', window, family: families[window] ?? null, overage: false, until, evidence };
  };
  switch (entry.error) {
    case 'rate_limit': {
      const window = windowWords.find(([words]) => words.test(text))?.[1];
      // "Server is temporarily limiting requests (not your usage limit)": another account would meet the same.
      if (window === undefined) return null;
      if (rejected !== null && (window === 'unified' || window === rejected.window)) return { ...rejected, evidence };
      return closed(window, parseResetPhrase(text, now, localTimeZone()));
    }
    case 'billing_error':
      return closed(creditsWindow, null);
    case 'oauth_org_not_allowed':
      return closed(entitlementWindow, null);
    case 'authentication_failed':
      return { kind: 'refused', evidence };
    default:
      return null;
  }
}
