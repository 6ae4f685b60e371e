import { z } from 'zod';
import { parseReset } from '../../core/limit/reset.ts';
import type { Signal } from '../../core/limit/signal.ts';
import type { EpochMs } from '../../core/time.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Credential, Reach, UsageEndpoint, UsageReport } from '../provider.ts';
import { excerptOf } from './error.ts';
import { loginKind } from './login.ts';

const origin = 'https://api.anthropic.com';
const neededScope = 'user:profile';

/** `GET /api/oauth/usage`, as Claude Code 2.1.197 asks it for its own `/usage`. Setup tokens lack the scope that it needs. */
export const usageEndpoint: UsageEndpoint = { covers: (kind) => kind === loginKind, read };

async function read({ secret, scope }: Credential, { fetch, baseUrl, now }: Reach): Promise<UsageReport> {
  if (!(scope['scopes'] ?? '').split(' ').includes(neededScope)) return unknown(`the login lacks ${neededScope}`, null);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${baseUrl ?? origin}/api/oauth/usage`, {
      headers: {
        authorization: `Bearer ${secret}`,
        'anthropic-beta': 'oauth-2025-04-20',
        accept: 'application/json',
      },
    });
    text = await response.text();
  } catch (error) {
    return unknown(error instanceof Error ? excerptOf(error.message) : 'no answer', null);
  }
  // Its own 429 often says `retry-after: 0` (anthropics/claude-code#30930): that is no time to come back.
  const retryAt = parseReset(response.headers.get('retry-after'), now);
  if (!response.ok)
    return unknown(`HTTP ${response.status}`, retryAt === null || retryAt === now ? null : retryAt - now);
  const signals = signalsOf(parseJson(text), now);
  return signals === null ? unknown('an answer that does not parse', null) : { kind: 'known', signals };
}

function unknown(detail: string, retryAfterMs: number | null): UsageReport {
  return { kind: 'unknown', detail, retryAfterMs };
}

const time = z.string().nullish();
const windowSchema = z.object({ utilization: z.number().nonnegative().nullish(), resets_at: time }).nullish();

/** A window that we do not know, and one that is missing or null, says nothing. */
const usageSchema = z.object({
  five_hour: windowSchema,
  seven_day: windowSchema,
  seven_day_opus: windowSchema,
  seven_day_sonnet: windowSchema,
  extra_usage: z
    .object({
      is_enabled: z.boolean().nullish(),
      utilization: z.number().nullish(),
      disabled_reason: z.string().nullish(),
    })
    .nullish(),
  limits: z
    .array(
      z.object({
        kind: z.string(),
        percent: z.number().nonnegative().nullish(),
        resets_at: time,
        scope: z.object({ model: z.object({ display_name: z.string().nullish() }).nullish() }).nullish(),
      }),
    )
    .nullish(),
});
type Usage = z.infer<typeof usageSchema>;

type Window = {
  readonly window: string;
  readonly family: string | null;
  /** 0 to 100. */
  readonly percent: number;
  readonly resetsAt: EpochMs | null;
};

const namedWindows = [
  ['five_hour', null],
  ['seven_day', null],
  ['seven_day_opus', 'opus'],
  ['seven_day_sonnet', 'sonnet'],
] as const;

/** The windows of a usage answer as signals; null when it has none that we know. */
function signalsOf(content: unknown, now: EpochMs): Signal[] | null {
  const parsed = usageSchema.safeParse(content);
  if (!parsed.success) return null;
  const windows = windowsOf(parsed.data, now);
  if (windows.length === 0) return null;
  const overage = hasExtraUsage(parsed.data);
  return windows.flatMap((each) => signalsOfWindow(each, overage));
}

function signalsOfWindow({ window, family, percent, resetsAt }: Window, overage: boolean): Signal[] {
  const reading: Signal = { kind: 'reading', window, family, utilization: percent / 100, resetsAt };
  const open: Signal = { kind: 'open', window, family };
  if (percent < 100) return [reading, open];
  const evidence = `${window} at ${percent} % by the usage endpoint`;
  const closed: Signal = { kind: 'closed', window, family, overage, until: resetsAt, evidence };
  // Extra money serves a window that is used up: then it is closed only as far as the pool forbids that.
  return overage ? [reading, open, closed] : [reading, closed];
}

function windowsOf(usage: Usage, now: EpochMs): Window[] {
  const windows: Window[] = [];
  const add = (
    window: string,
    family: string | null,
    told: { percent: unknown; resetsAt: string | null | undefined },
  ) => {
    if (typeof told.percent !== 'number' || windows.some((each) => each.window === window)) return;
    windows.push({ window, family, percent: told.percent, resetsAt: parseReset(told.resetsAt, now) });
  };
  for (const [window, family] of namedWindows) {
    add(window, family, { percent: usage[window]?.utilization, resetsAt: usage[window]?.resets_at });
  }
  for (const { kind, percent, resets_at: resetsAt, scope } of usage.limits ?? []) {
    if (kind === 'session') add('five_hour', null, { percent, resetsAt });
    if (kind === 'weekly_all') add('seven_day', null, { percent, resetsAt });
    const family = kind === 'weekly_scoped' ? familyOf(scope?.model?.display_name) : null;
    // The responses' headers have this name for the family's window; see unified.ts.
    if (family !== null) {
      add(family === 'fable' ? 'seven_day_overage_included' : `seven_day_${family}`, family, { percent, resetsAt });
    }
  }
  return windows;
}

function familyOf(displayName: string | null | undefined): string | null {
  return /\b(opus|sonnet|haiku|fable)\b/i.exec(displayName ?? '')?.[1]?.toLowerCase() ?? null;
}

function hasExtraUsage({ extra_usage: extra }: Usage): boolean {
  if (extra?.is_enabled !== true || (extra.disabled_reason ?? null) !== null) return false;
  return (extra.utilization ?? 0) < 100;
}
