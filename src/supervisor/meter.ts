import { costOf } from '../core/spend/price.ts';
import { addTokens, lessTokens, noTokens, type ModelTokens, type Tokens } from '../core/spend/tokens.ts';
import type { Told, Usage } from '../core/spend/usage.ts';
import { nothingSpent, type Spent } from '../core/job/stop.ts';

/** What an attempt has spent by what its agent has told, but for how long it ran. */
export type Metered = { readonly spent: Spent; readonly told: Told | null };

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
  if (models === null) return { spent: { ...nothingSpent, turns }, told: null };
  const isKnown = ofConversation && start.told !== null && start.told.session === start.session;
  const own = isKnown ? sinceThen(models, start.told.tokens) : models;
  const { longCacheWriteTokens: _, ...tokens } = sumOf(own);
  const spent = { ...nothingSpent, turns, ...tokens, costUsd: costUsd ?? priceOf(own, start.model) };
  const told = ofConversation && start.session !== null ? { session: start.session, tokens: sumOf(models) } : null;
  return { spent, told };
}

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
