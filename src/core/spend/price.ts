import type { Tokens } from './tokens.ts';

/** US dollars for a million tokens. */
type Price = {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Into the cache for an hour. */
  readonly longCacheWrite: number;
};

/** When the prices below were last compared with the vendors' pages. */
export const pricesAsOf = 'October 2026';

const perMillion = 1_000_000;

/**
 * What the tokens of a model cost in US dollars at the vendor's list price, whatever plan pays for them; null for a model
 * without a known price. Where a price depends on the length of a prompt it is that of short ones.
 */
export function costOf(model: string, tokens: Tokens): number | null {
  const price = priceOf(model);
  if (price === null) return null;
  const { inputTokens, cacheReadTokens, cacheWriteTokens, longCacheWriteTokens, outputTokens } = tokens;
  const fresh = Math.max(inputTokens - cacheReadTokens - cacheWriteTokens, 0);
  const dollars =
    fresh * price.input +
    cacheReadTokens * price.cacheRead +
    Math.max(cacheWriteTokens - longCacheWriteTokens, 0) * price.cacheWrite +
    longCacheWriteTokens * price.longCacheWrite +
    outputTokens * price.output;
  return dollars / perMillion;
}

export function hasPrice(model: string): boolean {
  return priceOf(model) !== null;
}

function priceOf(model: string): Price | null {
  const name = model.toLowerCase().replace(/\[1m\]$/, '');
  return prices.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** A write to the cache costs a quarter more than other input, one for an hour twice as much. */
function claude(input: number, output: number, cacheRead: number): Price {
  return { input, output, cacheRead, cacheWrite: input * 1.25, longCacheWrite: input * 2 };
}

/** A write to the cache costs what other input costs, unless the model has a price for it. */
function other(input: number, output: number, cacheRead: number, cacheWrite: number = input): Price {
  return { input, output, cacheRead, cacheWrite, longCacheWrite: cacheWrite };
}

/** Claude models by their versions, under whatever name a cloud offers them; `5` is not `5.5`. */
function claudes(...versions: readonly string[]): RegExp {
  return new RegExp(versions.map((each) => `claude-${each}(?!\\d|[-.]\\d{1,2}(?!\\d))`).join('|'));
}

/** Models of these very names, with a date or without: a variant has a price of its own. */
function named(...names: readonly string[]): RegExp {
  return new RegExp(`^(${names.map((each) => each.replaceAll('.', '\\.')).join('|')})(-preview)?(-\\d[-\\d]*)?$`);
}

/**
 * Models by the family that their name tells:
 *
 * - https://platform.claude.com/docs/en/about-claude/pricing
 * - https://developers.openai.com/api/docs/pricing, the standard tier.
 * - https://ai.google.dev/gemini-api/docs/pricing, the paid tier.
 */
const prices: readonly (readonly [RegExp, Price])[] = [
  [claudes('fable-5-1', 'mythos-5-1'), claude(10, 50, 0.25)],
  [claudes('fable-5', 'mythos-5'), claude(10, 50, 1)],
  [claudes('opus-5-5'), claude(4, 20, 0.2)],
  [claudes('opus-5', 'opus-4-8', 'opus-4-7', 'opus-4-6', 'opus-4-5'), claude(5, 25, 0.5)],
  [claudes('opus-4', 'opus-4-1'), claude(15, 75, 1.5)],
  [claudes('sonnet-5-5'), claude(2, 10, 0.1)],
  [claudes('sonnet-5'), claude(2, 10, 0.2)],
  [claudes('sonnet-4', 'sonnet-4-5', 'sonnet-4-6', '3-7-sonnet'), claude(3, 15, 0.3)],
  [claudes('haiku-5-5'), claude(0.1, 0.5, 0.01)],
  [claudes('haiku-4-5'), claude(1, 5, 0.1)],
  [claudes('3-5-haiku'), claude(0.8, 4, 0.08)],
  // What Claude Code 2.1.197 takes for the latest of a family; its answers name the model itself.
  [named('fable'), claude(10, 50, 1)],
  [named('opus', 'opusplan'), claude(5, 25, 0.5)],
  [named('sonnet'), claude(2, 10, 0.2)],
  [named('haiku'), claude(1, 5, 0.1)],

  [named('gpt-6-astra'), other(10, 50, 1, 12.5)],
  [named('gpt-6.1-sol'), other(2, 10, 0.1, 2.5)],
  [named('gpt-6-sol'), other(2, 10, 0.2, 2.5)],
  [named('gpt-6-luna'), other(0.1, 0.5, 0.01, 0.125)],
  [named('gpt-5.6-sol'), other(4, 20, 0.4, 5)],
  [named('gpt-5.6-terra'), other(2, 12, 0.2, 2.5)],
  [named('gpt-5.6-luna'), other(0.2, 1.2, 0.02, 0.25)],
  [named('gpt-5.5'), other(5, 30, 0.5)],
  [named('gpt-5.4'), other(2.5, 15, 0.25)],
  [named('gpt-5.4-mini'), other(0.75, 4.5, 0.075)],
  [named('gpt-5.4-nano'), other(0.2, 1.25, 0.02)],
  [named('gpt-5.2', 'gpt-5.2-codex', 'gpt-5.3-codex'), other(1.75, 14, 0.175)],
  [named('gpt-5', 'gpt-5-codex', 'gpt-5.1', 'gpt-5.1-codex', 'gpt-5.1-codex-max'), other(1.25, 10, 0.125)],
  [named('gpt-5-mini', 'gpt-5.1-codex-mini'), other(0.25, 2, 0.025)],

  [named('gemini-3.5-flash'), other(1.5, 9, 0.15)],
  [named('gemini-3.5-flash-lite'), other(0.3, 2.5, 0.03)],
  [named('gemini-3.1-flash-lite'), other(0.25, 1.5, 0.025)],
  [named('gemini-3-flash'), other(0.5, 3, 0.05)],
  [named('gemini-3.1-pro', 'gemini-3-pro'), other(2, 12, 0.2)],
  [named('gemini-2.5-pro'), other(1.25, 10, 0.125)],
  [named('gemini-2.5-flash'), other(0.3, 2.5, 0.03)],
  [named('gemini-2.5-flash-lite'), other(0.1, 0.4, 0.01)],
];
