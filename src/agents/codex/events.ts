import { z } from 'zod';
import { creditsWindow, entitlementWindow } from '../../core/limit/limit.ts';
import { parseResetPhrase } from '../../core/limit/reset-phrase.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { localTimeZone } from '../../lib/local-time-zone.ts';
import { nothingHeard, type Heard, type Listener, type Told } from '../profile.ts';

type Closed = Extract<Signal, { kind: 'closed' }>;

/** `codex exec --json` of 0.169.0. An `error` is not the end of a turn, `turn.failed` is. */
const outputSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('thread.started'), thread_id: z.string() }),
  z.object({ type: z.literal('turn.completed') }),
  z.object({ type: z.literal('turn.failed') }),
  z.object({ type: z.literal('error'), message: z.string() }),
]);

const windowSchema = z.object({
  used_percent: z.number(),
  window_minutes: z.number().nullable().default(null),
  resets_at: z.number().nullable().default(null),
});
const limitsSchema = z.object({
  limit_id: z.string().nullable().default(null),
  limit_name: z.string().nullable().default(null),
  primary: windowSchema.nullable().default(null),
  secondary: windowSchema.nullable().default(null),
});
const failureSchema = z.object({ message: z.string(), codex_error_info: z.unknown().optional() });

/** Lines of a rollout that Codex 0.169.0 writes for itself; what a model or a tool said is of other types. */
const rolloutSchema = z.object({
  type: z.literal('event_msg'),
  payload: z.discriminatedUnion('type', [
    z.object({ type: z.literal('token_count'), rate_limits: limitsSchema.nullable().default(null) }),
    z.object({ type: z.literal('task_complete'), error: failureSchema.nullable().default(null) }),
  ]),
});

type Limits = z.infer<typeof limitsSchema>;

/**
 * Listens to Codex. The rollout says what happened, in words for programs; of the output of `exec --json`, which has
 * prose only, it learns the conversation and which lines to keep back.
 */
export function listenToCodex(now: () => number): Listener {
  let limits: Limits | null = null;
  return (channel, line) => {
    if (!line.startsWith('{')) return nothingHeard;
    if (channel === 'stdout') return fromOutput(line);
    if (channel === 'stderr') return nothingHeard;
    const payload = rolloutSchema.safeParse(parseJson(line)).data?.payload;
    if (payload === undefined) return nothingHeard;
    if (payload.type === 'token_count') {
      limits = payload.rate_limits ?? limits;
      return { told: limits === null ? [] : readings(limits), hold: false };
    }
    if (payload.error === null) return { told: [{ kind: 'served' }], hold: false };
    const signals = signalsOf(payload.error, limits, now());
    return { told: signals.map((signal) => ({ kind: 'stopped', signal })), hold: false };
  };
}

function fromOutput(line: string): Heard {
  const event = outputSchema.safeParse(parseJson(line)).data;
  switch (event?.type) {
    case 'thread.started':
      return { told: [{ kind: 'session', id: event.thread_id }], hold: false };
    case 'turn.completed':
      return { told: [{ kind: 'served' }], hold: false };
    case 'turn.failed':
      return { told: [], hold: true };
    case 'error':
      return { told: [], hold: !event.message.startsWith('Reconnecting...') };
    default:
      return nothingHeard;
  }
}

function readings(limits: Limits): Told[] {
  return windowsOf(limits).map(({ window, family, used, resetsAt }) => ({
    kind: 'signal',
    signal: { kind: 'reading', window, family, utilization: used, resetsAt },
  }));
}

/** What ended a turn, as far as it is the account's: an overload or a broken network is not. */
function signalsOf(
  { message, codex_error_info: info }: z.infer<typeof failureSchema>,
  limits: Limits | null,
  now: number,
): Signal[] {
  const evidence = message.replace(/\s+/g, ' ').slice(0, 200);
  const closed = (window: string, until: number | null = null, family: string | null = null): Closed => {
    return { kind: 'closed', window, family, overage: false, until, evidence };
  };
  if (info === 'unauthorized') return [{ kind: 'refused', evidence }];
  if (info !== 'usage_limit_exceeded') return [];
  if (/^Quota exceeded|out of credits|spend cap/.test(message)) return [closed(creditsWindow)];
  if (message.startsWith('To use Codex with your ChatGPT plan')) return [closed(entitlementWindow)];
  const full = limits === null ? [] : windowsOf(limits).filter((each) => each.used >= 1);
  if (full.length === 0) return [closed('usage', parseResetPhrase(message, now, localTimeZone()))];
  return full.map(({ window, family, resetsAt }) => closed(window, resetsAt, family));
}

type Window = {
  readonly window: string;
  readonly family: string | null;
  /** 0 to 1. */
  readonly used: number;
  readonly resetsAt: number | null;
};

function windowsOf(limits: Limits): Window[] {
  // Other limits than the plan's own count one model, whose name they bear.
  const own = limits.limit_id === null || limits.limit_id === 'codex';
  const family = own ? null : (limits.limit_name ?? limits.limit_id ?? '').toLowerCase();
  return (['primary', 'secondary'] as const).flatMap((name) => {
    const window = limits[name];
    if (window === null) return [];
    const resetsAt = window.resets_at === null ? null : window.resets_at * 1000;
    return [{ window: windowName(name, window.window_minutes), family, used: window.used_percent / 100, resetsAt }];
  });
}

function windowName(slot: string, minutes: number | null): string {
  if (minutes === 300) return 'five_hour';
  if (minutes === 10_080) return 'seven_day';
  return minutes === null ? slot : `${minutes}m`;
}
