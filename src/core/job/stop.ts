import { formatUsd } from '../spend/usd.ts';
import { formatDuration, type EpochMs } from '../time.ts';

/** What may end a job before its agent has finished by itself. */
export const stopModes = ['turns', 'budget', 'time', 'completion'] as const;
export type StopMode = (typeof stopModes)[number];

/** When a job is stopped. Counted over all its attempts; null for no end of that kind. */
export type StopSpec = {
  /** Answers of the model: what it says at once, with the tool calls in it. */
  readonly turns: number | null;
  /** In US dollars. */
  readonly budget: number | null;
  /** Of running; parked, queued and waiting time does not count. */
  readonly timeMs: number | null;
  /** It goes on until its agent has said with a tool that it is finished: that a turn ended is not enough. */
  readonly completion: boolean;
};

export const noStop: StopSpec = { turns: null, budget: null, timeMs: null, completion: false };

/** Whether what is spent can meet or near one of them. */
export function isCounted({ turns, budget, timeMs }: StopSpec): boolean {
  return turns !== null || budget !== null || timeMs !== null;
}

/** What was spent, of one attempt or of a whole job. */
export type Spent = {
  readonly turns: number;
  readonly inputTokens: number;
  /** Of `inputTokens`: read from the cache, and written to it. */
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** In US dollars; null where a price is unknown, or an agent did not tell what it has used. */
  readonly costUsd: number | null;
  /** What is known of that where the whole is not. */
  readonly leastUsd?: number;
  readonly runningMs: number;
};

export const nothingSpent: Spent = {
  ...{ turns: 0, inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 },
  ...{ costUsd: 0, runningMs: 0 },
};

/** The cost as far as it is known. */
export function knownUsd({ costUsd, leastUsd = 0 }: Pick<Spent, 'costUsd' | 'leastUsd'>): number {
  return costUsd ?? leastUsd;
}

export function addSpent(a: Spent, b: Spent): Spent {
  const isWhole = a.costUsd !== null && b.costUsd !== null;
  const known = knownUsd(a) + knownUsd(b);
  return {
    turns: a.turns + b.turns,
    inputTokens: a.inputTokens + b.inputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...(isWhole ? { costUsd: known } : { costUsd: null, ...(known > 0 ? { leastUsd: known } : {}) }),
    runningMs: a.runningMs + b.runningMs,
  };
}

/** A condition that was met: the next attempt only saves the agent's work. */
export type Stopped = {
  readonly by: StopMode;
  /** One sentence. */
  readonly detail: string;
  readonly at: EpochMs;
  /** What its agent said last before it was stopped. */
  readonly words: string | null;
};

/** What its user was warned of, once: that a condition is nearly met, or that what it costs is not known. */
export type Warned = { readonly by: StopMode | 'price'; readonly detail: string; readonly at: EpochMs };

const warnedFrom = 0.8;

/** The condition that what was spent meets, with a sentence for it; null for none. */
export function stopOf(stop: StopSpec, spent: Spent): Pick<Stopped, 'by' | 'detail'> | null {
  const met = partsOf(stop, spent).find(({ share }) => share >= 1);
  return met === undefined ? null : { by: met.by, detail: `It has reached ${met.limit} (${met.used}).` };
}

/** What its user is to be warned of. */
export function warningsOf(stop: StopSpec, spent: Spent): readonly Pick<Warned, 'by' | 'detail'>[] {
  const near = partsOf(stop, spent).filter(({ share }) => share >= warnedFrom);
  const warnings: Pick<Warned, 'by' | 'detail'>[] = near.map(({ by, limit, used }) => ({
    by,
    detail: `It will soon reach ${limit} (${used}).`,
  }));
  if (stop.budget === null || spent.costUsd !== null) return warnings;
  const budget = `its budget of ${formatUsd(stop.budget)}`;
  const detail =
    knownUsd(spent) > 0
      ? `A part of what it has cost is not known, and does not count for ${budget}.`
      : `What it has cost is not known, so that ${budget} cannot be kept.`;
  return [...warnings, { by: 'price', detail }];
}

/** After how much more running the time has to be looked at again; null for never. */
export function timeLeftMs({ timeMs }: StopSpec, { runningMs }: Pick<Spent, 'runningMs'>): number | null {
  if (timeMs === null) return null;
  if (runningMs / timeMs >= warnedFrom) return timeMs - runningMs;
  return Math.max(Math.ceil(timeMs * warnedFrom - runningMs), 1);
}

type Part = { readonly by: StopMode; readonly share: number; readonly limit: string; readonly used: string };

function partsOf({ turns, budget, timeMs }: StopSpec, spent: Spent): readonly Part[] {
  const parts: Part[] = [];
  if (turns !== null)
    parts.push({
      ...{ by: 'turns', share: spent.turns / turns, used: `${spent.turns} taken` },
      limit: `its limit of ${turns} ${turns === 1 ? 'turn' : 'turns'}`,
    });
  if (budget !== null) {
    const known = knownUsd(spent);
    const used = `${spent.costUsd === null ? 'at least ' : ''}${formatUsd(known)} spent`;
    parts.push({ by: 'budget', share: known / budget, used, limit: `its budget of ${formatUsd(budget)}` });
  }
  if (timeMs !== null)
    parts.push({
      ...{ by: 'time', share: spent.runningMs / timeMs, used: `${formatDuration(spent.runningMs)} running` },
      limit: `its time of ${formatDuration(timeMs)}`,
    });
  return parts;
}
