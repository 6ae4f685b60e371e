import { z } from 'zod';
import { parseReset } from '../../core/limit/reset.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { secondMs, type EpochMs } from '../../core/time.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Credential, Reach, UsageEndpoint, UsageReport } from '../provider.ts';
import { authorize, planLogin } from './credential.ts';
import { field } from './error.ts';
import { urlOf } from './path.ts';
import { familyNamed, planLimit, planReadings, unnamedOpen, windowName, type PlanWindow } from './plan-limit.ts';

const windowForm = z.object({
  used_percent: z.number(),
  limit_window_seconds: z.number().nullish(),
  reset_after_seconds: z.number().nullish(),
  reset_at: z.number().nullish(),
});

const limitForm = z.object({
  allowed: z.boolean().nullish(),
  limit_reached: z.boolean().nullish(),
  primary_window: windowForm.nullish(),
  secondary_window: windowForm.nullish(),
});

/** What Codex 0.169.0 reads of `wham/usage`. */
const usageForm = z.object({
  rate_limit: limitForm.nullish(),
  credits: z.object({ has_credits: z.boolean().nullish() }).nullish(),
  additional_rate_limits: z
    .array(
      z.object({
        limit_name: z.string().nullish(),
        metered_feature: z.string().nullish(),
        rate_limit: limitForm.nullish(),
      }),
    )
    .nullish(),
});

type LimitForm = z.infer<typeof limitForm>;

/** Where Codex itself looks how much of a ChatGPT plan is left. An API key has no such page. */
export const usageEndpoint: UsageEndpoint = { covers: (kind) => kind === planLogin, read };

async function read(credential: Credential, reach: Reach): Promise<UsageReport> {
  const headers = new Headers({ accept: 'application/json' });
  authorize(headers, credential);
  const ask = { door: 'codex', method: 'GET', path: '/wham/usage', search: '' };
  const url = urlOf(ask, credential, (reach.baseUrl ?? 'https://chatgpt.com').replace(/\/$/, ''));
  try {
    const response = await reach.fetch(url, { headers, redirect: 'manual' });
    const text = await response.text();
    if (response.ok) return reportOf(text, reach.now);
    const waitUntil = parseReset(response.headers.get('retry-after'), reach.now);
    const retryAfterMs = waitUntil === null ? null : waitUntil - reach.now;
    return { kind: 'unknown', detail: `HTTP ${response.status} of the usage endpoint`, retryAfterMs };
  } catch (error) {
    const code = field(error, 'code');
    const detail = `the usage endpoint gave no answer (${typeof code === 'string' ? code : 'no connection'})`;
    return { kind: 'unknown', detail, retryAfterMs: null };
  }
}

function reportOf(text: string, now: EpochMs): UsageReport {
  const usage = usageForm.safeParse(parseJson(text));
  if (!usage.success) {
    return { kind: 'unknown', detail: 'the usage endpoint answered in a form that is not known', retryAfterMs: null };
  }
  const { rate_limit: plan, additional_rate_limits: others, credits } = usage.data;
  const signals = plan ? paidFor(limitSignals(plan, null, now), credits?.has_credits === true) : [];
  for (const { limit_name: name, metered_feature: feature, rate_limit: limit } of others ?? []) {
    const family = name ?? feature;
    if (limit && family) signals.push(...limitSignals(limit, familyNamed(family), now));
  }
  return { kind: 'known', signals };
}

/** A limit that is not allowed closes its windows with nothing left; percents alone close nothing, they are rounded. */
function limitSignals(limit: LimitForm, family: string | null, now: EpochMs): Signal[] {
  const windows = windowsIn(limit, family, now);
  const isClosed = limit.allowed === false || limit.limit_reached === true;
  const signals = planReadings(windows);
  if (!isClosed) return limit.allowed === true && family === null ? [...signals, unnamedOpen] : signals;
  const evidence = 'The usage endpoint says that the limit is reached';
  const spent = windows.filter((each) => each.usedPercent >= 100);
  return [
    ...signals,
    ...spent.map(({ window, resetsAt: until }): Signal => {
      return { kind: 'closed', window, family, overage: false, until, evidence };
    }),
  ];
}

/** Bought credits serve what the plan no longer does: then a window is closed only as far as the pool forbids that. */
function paidFor(signals: readonly Signal[], hasCredits: boolean): Signal[] {
  if (!hasCredits) return [...signals];
  return signals.flatMap((signal): Signal[] => {
    if (signal.kind !== 'closed') return [signal];
    const { window, family } = signal;
    return [
      { kind: 'open', window, family },
      { ...signal, overage: true },
    ];
  });
}

function windowsIn(limit: LimitForm, family: string | null, now: EpochMs): PlanWindow[] {
  const slots = [
    ['primary', limit.primary_window],
    ['secondary', limit.secondary_window],
  ] as const;
  return slots.flatMap(([slot, window]) => {
    if (!window) return [];
    const minutes = window.limit_window_seconds ? Math.round(window.limit_window_seconds / 60) : null;
    const resetsAt =
      (window.reset_at ? futureOf(window.reset_at * secondMs, now) : null) ??
      (window.reset_after_seconds ? now + window.reset_after_seconds * secondMs : null);
    const name = windowName(minutes, slot);
    return [{ limit: family ?? planLimit, window: name, family, usedPercent: window.used_percent, resetsAt }];
  });
}

function futureOf(at: EpochMs, now: EpochMs): EpochMs | null {
  return at > now ? Math.ceil(at) : null;
}
