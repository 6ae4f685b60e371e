import type { ModelTokens, Tokens } from './tokens.ts';

/** What an agent tells of an attempt up to now; each replaces the one before. */
export type Usage = {
  /** Answers of the model whose tool calls are done. */
  readonly turns: number;
  /** Null as long as nothing was told of it; empty where the agent never tells. */
  readonly models: readonly ModelTokens[] | null;
  /** The agent's own figure in US dollars; null where it has none. */
  readonly costUsd: number | null;
  /** `models` are those of the whole conversation, what earlier attempts have spent in it included. */
  readonly ofConversation: boolean;
};

/** What an agent has told of a whole conversation. */
export type Told = { readonly session: string; readonly tokens: Tokens };
