import { z } from 'zod';
import type { ModelTokens } from '../../core/spend/tokens.ts';
import type { Usage } from '../../core/spend/usage.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { readFailure, type FailureWords } from '../failure-text.ts';
import { toolServerName, toolTokenVariable, type AgentEvent, type JobListener, type JobMode } from '../job-mode.ts';
import { eventsOf, lastLines } from '../told-events.ts';
import { toolResult } from '../tool-calls.ts';
import { withWholeLines } from '../whole-lines.ts';
import { listenToCodex } from './events.ts';

/** Texts of Codex 0.169.0. */
export const words: FailureWords = [
  [/You’ve hit your usage limit|The usage limit has been reached|usage_limit_reached/, 'window'],
  [/Quota exceeded|out of credits|spend cap|insufficient_quota/, 'billing'],
  [/401 Unauthorized|Please (run|log) .*login|token_expired|refresh_token/i, 'auth'],
  [
    /To use Codex with your ChatGPT plan|model is not supported|does not have access to model|usage_not_included/,
    'entitlement',
  ],
  [/exceeded retry limit, last status: 429|rate limit exceeded/i, 'throttle'],
  [/Selected model is at capacity|high demand|unexpected status 50\d|server_is_overloaded|slow_down/, 'overload'],
  [/context_length_exceeded|context window|ran out of room/i, 'context-overflow'],
  [/MCP (server|client).*(failed|closed|timed out)/i, 'mcp-lost'],
  [/Access blocked by Cloudflare|workspace routing discovery failed/, 'network'],
  [/CODEX_HOME points to .* does not exist|model provider .* no longer configured/, 'launch'],
];

const count = z.number().nonnegative().catch(0);
/** Totals of the thread, earlier processes included; `input_tokens` has those of the cache in it. */
export const usageSchema = z.object({
  input_tokens: count,
  cached_input_tokens: count,
  cache_write_input_tokens: count,
  output_tokens: count,
});

/** Items that are calls of a tool. */
const toolItems = new Set(['command_execution', 'mcp_tool_call', 'file_change', 'web_search', 'collab_tool_call']);

const eventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(['item.started', 'item.completed']),
    item: z.object({
      type: z.string(),
      id: z.string().optional(),
      text: z.string().optional(),
      command: z.string().optional(),
      tool: z.string().optional(),
      server: z.string().optional(),
      arguments: z.unknown().optional(),
      aggregated_output: z.string().optional(),
      exit_code: z.number().nullish(),
      result: z.unknown().optional(),
      error: z.unknown().optional(),
    }),
  }),
  z.object({ type: z.literal('turn.completed'), usage: usageSchema.optional().catch(undefined) }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: z.string() }) }),
  z.object({ type: z.literal('error'), message: z.string() }),
]);

type Event = z.infer<typeof eventSchema>;

/** The types of its events. */
const events = /^(thread|turn|item)\.[a-z]+$/;

export const codexJob: JobMode = {
  // Its sandbox and approvals are the user's own settings; `-` takes the prompt from stdin.
  args: ({ kind, session, model, args }) => [
    'exec',
    ...(kind === 'resume' ? ['resume'] : []),
    '--json',
    '--skip-git-repo-check',
    ...(model === null ? [] : ['-m', model]),
    ...args,
    ...(kind === 'resume' ? [session] : []),
    '-',
  ],
  environment: {},
  listen: (now) => withWholeLines(listen(now), events),
  readStderr: (text, _, now) => readFailure(lastLines(text), words, now),
  chain: [],
  abilities: { spending: 'turn', namesModel: false, mcp: true },
  tools: ({ url }) => ({
    args: serverSettings(url).flatMap((setting) => ['-c', `mcp_servers.${toolServerName}.${setting}`]),
  }),
};

/** A tool that waits takes 100 seconds, and Codex gives up after 60. */
const toolSeconds = 180;

function serverSettings(url: string): string[] {
  return [`url="${url}"`, `bearer_token_env_var="${toolTokenVariable}"`, `tool_timeout_sec=${toolSeconds}`];
}

function listen(now: () => number): JobListener {
  const hear = listenToCodex(now);
  // It has no last word of its own: the last message of the turn is.
  let last = '';
  let turns = 0;
  let models: Usage['models'] = null;
  // It does not tell of single answers: a call of a tool is one, and the end of its turn.
  const count = (event: Event): AgentEvent[] => {
    const isCall = event.type === 'item.completed' && toolItems.has(event.item.type);
    if (!isCall && event.type !== 'turn.completed') return [];
    turns += 1;
    if (event.type === 'turn.completed' && event.usage !== undefined) models = [tokensOf(event.usage)];
    return [{ kind: 'usage', usage: { turns, models, costUsd: null, ofConversation: true } }];
  };
  return (channel, line) => {
    if (channel === 'stderr')
      return line.includes('no rollout found for thread id') ? [{ kind: 'session-missing' }] : [];
    const event = eventSchema.safeParse(parseJson(line)).data;
    if (event?.type === 'item.completed' && event.item.type === 'agent_message') last = event.item.text ?? last;
    const told = eventsOf(hear(channel, line).told);
    return event === undefined ? told : [...told, ...fromEvent(event, { last, now: now() }), ...count(event)];
  };
}

/** Its output has what it thought in it. */
export function tokensOf(usage: z.infer<typeof usageSchema>): ModelTokens {
  return {
    model: null,
    inputTokens: usage.input_tokens,
    cacheReadTokens: usage.cached_input_tokens,
    cacheWriteTokens: usage.cache_write_input_tokens,
    longCacheWriteTokens: 0,
    outputTokens: usage.output_tokens,
  };
}

function fromEvent(event: Event, { last, now }: { last: string; now: number }): AgentEvent[] {
  switch (event.type) {
    case 'item.started':
      return [...toolOf(event.item), ...begunOf(event.item)];
    case 'item.completed':
      return event.item.type === 'agent_message' && event.item.text !== undefined
        ? [{ kind: 'text', text: event.item.text }]
        : [...resultOf(event.item), ...endedOf(event.item)];
    case 'turn.completed':
      return [{ kind: 'result', text: last }];
    case 'turn.failed':
      return [{ kind: 'error', ...readFailure(event.error.message, words, now) }];
    case 'error':
      return event.message.startsWith('Reconnecting...') ? [{ kind: 'retrying', detail: event.message }] : [];
  }
}

type Item = Extract<z.infer<typeof eventSchema>, { type: 'item.completed' | 'item.started' }>['item'];

function nameOf({ type, server, tool }: Item): string {
  if (type === 'command_execution') return 'shell';
  return type === 'mcp_tool_call' ? `${server ?? 'mcp'}.${tool ?? ''}` : (tool ?? type);
}

function toolOf(item: Item): AgentEvent[] {
  if (item.type !== 'command_execution' && item.type !== 'mcp_tool_call') return [];
  return [{ kind: 'tool', name: nameOf(item), summary: (item.command ?? '').slice(0, 200) }];
}

function begunOf(item: Item): AgentEvent[] {
  if (item.id === undefined || !toolItems.has(item.type)) return [];
  return [{ kind: 'tool-begun', id: item.id, name: nameOf(item) }];
}

function endedOf({ id, type }: Item): AgentEvent[] {
  return id === undefined || !toolItems.has(type) ? [] : [{ kind: 'tool-ended', id }];
}

function resultOf(item: Item): AgentEvent[] {
  const isCommand = item.type === 'command_execution';
  const input = isCommand ? item.command : item.arguments;
  // Without what went in, one call cannot be told from another.
  if (input === undefined || (!isCommand && item.type !== 'mcp_tool_call')) return [];
  const result = isCommand ? [item.exit_code, item.aggregated_output] : [item.result, item.error];
  return [{ ...toolResult(nameOf(item), input, result), ...(item.id === undefined ? {} : { id: item.id }) }];
}
