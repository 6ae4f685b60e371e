/** Tokens that one model has read and written. */
export type Tokens = {
  /** All that went in, from the cache or not. */
  readonly inputTokens: number;
  /** Of `inputTokens`: read from the cache, and written to it. */
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Of `cacheWriteTokens`: those that are kept for an hour, which cost more than those that are for minutes. */
  readonly longCacheWriteTokens: number;
  /** What it thought included. */
  readonly outputTokens: number;
};

/** `model` null where the agent does not name it. */
export type ModelTokens = Tokens & { readonly model: string | null };

export const noTokens: Tokens = {
  ...{ inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, longCacheWriteTokens: 0, outputTokens: 0 },
};

export function addTokens(a: Tokens, b: Tokens): Tokens {
  return combined(a, b, (one, other) => one + other);
}

/** What `a` has more than `b`. */
export function lessTokens(a: Tokens, b: Tokens): Tokens {
  return combined(a, b, (one, other) => Math.max(one - other, 0));
}

/** The larger of each figure, for one that is told again and again while it grows. */
export function mostTokens(a: Tokens, b: Tokens): Tokens {
  return combined(a, b, Math.max);
}

function combined(a: Tokens, b: Tokens, take: (one: number, other: number) => number): Tokens {
  return {
    inputTokens: take(a.inputTokens, b.inputTokens),
    cacheReadTokens: take(a.cacheReadTokens, b.cacheReadTokens),
    cacheWriteTokens: take(a.cacheWriteTokens, b.cacheWriteTokens),
    longCacheWriteTokens: take(a.longCacheWriteTokens, b.longCacheWriteTokens),
    outputTokens: take(a.outputTokens, b.outputTokens),
  };
}
