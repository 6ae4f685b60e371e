import { costOf } from '../core/spend/price.ts';
import { addTokens, lessTokens, noTokens, type ModelTokens, type Tokens } from '../core/spend/tokens.ts';
import type { Told, Usage } from '../core/spend/usage.ts';
import type { FailureKind } from '../core/job/failure-kind.ts';
import type { AttemptOutcome } from '../core/job/job.ts';
import { nothingSpent, type Spent } from '../core/job/stop.ts';

/** What an attempt has spent by what its agent has told, but for how long it ran. */
export type Metered = {
  readonly spent: Spent;
  readonly told: Told | null;
  /** It has told of tokens, or that it never does. */
  readonly isTold: boolean;
  readonly ofConversation: boolean;
};

export type MeterStart = {
  /** What the attempt uses, for an agent that does not name the model of its answers. */
  readonly model: string | null;
  /** The conversation that it goes on with. */
  readonly session: string | null;
  /** What the conversation had spent before, where its agent tells that of all of it. */
  readonly told: Told | null;
};

/** Puts a price on what an agent has told of itself. Heard anew from its first word, it comes to the same. */
export function metered({ turns, models, costUsd, ofConversation }: Usage, start: MeterStart): Metered {
  if (models === null) return { spent: { ...nothingSpent, turns }, told: null, isTold: false, ofConversation };
  const isKnown = ofConversation && start.told !== null && start.told.session === start.session;
  const own = isKnown ? sinceThen(models, start.told.tokens) : models;
  const { longCacheWriteTokens: _, ...tokens } = sumOf(own);
  const spent = { ...nothingSpent, turns, ...tokens, costUsd: costUsd ?? priceOf(own, start.model) };
  const told = ofConversation && start.session !== null ? { session: start.session, tokens: sumOf(models) } : null;
  return { spent, told, isTold: true, ofConversation };
}

export type MeterEnd = {
  readonly outcome: AttemptOutcome;
  /** It never tells tokens, and may have used them without a sign. */
  readonly isMute: boolean;
  /** It has said anything at all. */
  readonly hasHeard: boolean;
};

/**
 * What an attempt has spent that has ended. Of one that has told of no tokens the cost is not known, unless it was turned
 * away before its model had answered.
 */
export function meteredAtEnd(
  last: Metered | null,
  { outcome, isMute, hasHeard }: MeterEnd,
): { readonly spent: Spent; readonly told: Told | null; readonly toldLater?: true } {
  const { spent = nothingSpent, told = null, isTold = false, ofConversation = false } = last ?? {};
  const isTurnedAway = outcome.kind === 'failed' && turnedAway.has(outcome.failure);
  const isServed = isMute || spent.turns > 0 || (hasHeard && !isTurnedAway);
  if (isTold || !isServed) return { spent, told };
  return { spent: { ...spent, costUsd: null }, told, ...(ofConversation ? { toldLater: true } : {}) };
}

const turnedAway: ReadonlySet<FailureKind> = new Set([
  ...(['window', 'billing', 'auth', 'entitlement', 'throttle', 'overload', 'network'] as const),
]);

/** One who tells the whole of a conversation tells it of one model; a thread that was begun anew has less than before. */
function sinceThen(models: readonly ModelTokens[], before: Tokens): readonly ModelTokens[] {
  return models.map((each) =>
    each.inputTokens < before.inputTokens ? each : { model: each.model, ...lessTokens(each, before) },
  );
}

function sumOf(models: readonly ModelTokens[]): Tokens {
  return models.reduce<Tokens>(addTokens, noTokens);
}

/** Null where one of them has no known price, and for an agent that never tells. */
function priceOf(models: readonly ModelTokens[], model: string | null): number | null {
  if (models.length === 0) return null;
  let sum = 0;
  for (const each of models) {
    const name = each.model ?? model;
    const cost = name === null ? null : costOf(name, each);
    if (cost === null) return null;
    sum += cost;
  }
  return sum;
}
