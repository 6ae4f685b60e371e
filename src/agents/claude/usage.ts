import { z } from 'zod';
import { addTokens, mostTokens, noTokens, type ModelTokens, type Tokens } from '../../core/spend/tokens.ts';
import type { AgentEvent } from '../job-mode.ts';

const count = z.number().nonnegative().catch(0);

/** `usage` of the Messages API, whose `input_tokens` are those that are not of the cache. https://docs.claude.com/en/api/messages */
const usageSchema = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation: z.object({ ephemeral_1h_input_tokens: count }).optional().catch(undefined),
});

/** Entries of stream-json, Claude Code 2.1.197. https://docs.claude.com/en/docs/claude-code/headless */
const entrySchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('assistant'),
    parent_tool_use_id: z.string().nullable().default(null),
    message: z.object({ id: z.string(), model: z.string(), usage: usageSchema }),
  }),
  z.object({ type: z.literal('user'), parent_tool_use_id: z.string().nullable().default(null) }),
  z.object({
    type: z.literal('result'),
    total_cost_usd: z.number().nonnegative().optional(),
    modelUsage: z
      .record(
        z.string(),
        z.object({
          inputTokens: count,
          outputTokens: count,
          cacheReadInputTokens: count,
          cacheCreationInputTokens: count,
        }),
      )
      .optional(),
  }),
]);

type Answer = { readonly model: string; readonly tokens: Tokens };
type Result = Extract<z.infer<typeof entrySchema>, { type: 'result' }>;

/**
 * Counts what Claude Code spends. An answer comes in an entry for each of its blocks, each with its figures so far, and
 * is a turn once its tools have answered; those of subagents cost, and are no turns. A `result` has the figures of the
 * whole process, which replace those of the answers before it.
 */
export function countClaude(): (entry: unknown) => AgentEvent[] {
  const answers = new Map<string, Answer>();
  const turns = new Set<string>();
  let asked: string | null = null;
  let before: readonly Answer[] = [];
  let cost: number | null = null;
  const told = (): AgentEvent[] => {
    const models = modelsOf([...before, ...answers.values()]);
    const costUsd = answers.size === 0 ? cost : null;
    return [{ kind: 'usage', usage: { turns: turns.size, models, costUsd, ofConversation: false } }];
  };
  const complete = (): void => {
    if (asked !== null) turns.add(asked);
    asked = null;
  };
  return (line) => {
    const entry = entrySchema.safeParse(line).data;
    if (entry === undefined) return [];
    if (entry.type === 'user') {
      if (entry.parent_tool_use_id !== null || asked === null) return [];
      complete();
      return told();
    }
    if (entry.type === 'result') {
      complete();
      if (entry.modelUsage === undefined) return turns.size === 0 ? [] : told();
      before = fromResult(entry.modelUsage);
      cost = entry.total_cost_usd ?? null;
      answers.clear();
      return told();
    }
    const { id, model, usage } = entry.message;
    if (model === '<synthetic>') return [];
    if (entry.parent_tool_use_id === null && asked !== id) {
      complete();
      if (!turns.has(id)) asked = id;
    }
    const known = answers.get(id)?.tokens ?? noTokens;
    answers.set(id, { model, tokens: mostTokens(known, tokensOf(usage)) });
    return told();
  };
}

function tokensOf(usage: z.infer<typeof usageSchema>): Tokens {
  const { cache_read_input_tokens: read, cache_creation_input_tokens: written } = usage;
  return {
    inputTokens: usage.input_tokens + read + written,
    cacheReadTokens: read,
    cacheWriteTokens: written,
    longCacheWriteTokens: usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    outputTokens: usage.output_tokens,
  };
}

function modelsOf(answers: Iterable<Answer>): readonly ModelTokens[] {
  const models = new Map<string, Tokens>();
  for (const { model, tokens } of answers) models.set(model, addTokens(models.get(model) ?? noTokens, tokens));
  return [...models].map(([model, tokens]) => ({ model, ...tokens }));
}

function fromResult(models: NonNullable<Result['modelUsage']>): readonly Answer[] {
  return Object.entries(models).map(([model, usage]) => {
    const { cacheReadInputTokens: read, cacheCreationInputTokens: written } = usage;
    const cached = { cacheReadTokens: read, cacheWriteTokens: written, longCacheWriteTokens: 0 };
    return {
      model,
      tokens: { inputTokens: usage.inputTokens + read + written, ...cached, outputTokens: usage.outputTokens },
    };
  });
}
