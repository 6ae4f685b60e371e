import { z } from 'zod';
import type { Usage } from '../../core/spend/usage.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { readFailure, type FailureWords } from '../failure-text.ts';
import type { AgentEvent, JobListener, JobMode } from '../job-mode.ts';
import { eventsOf, lastLines } from '../told-events.ts';
import { ToolCalls } from '../tool-calls.ts';
import { withWholeLines } from '../whole-lines.ts';
import { listenToGemini } from './events.ts';

/** Texts of Gemini CLI 0.61.0. */
const words: FailureWords = [
  [
    /exhausted your (daily quota|capacity)|quota will reset|per day per user|Usage limit reached|TerminalQuotaError/,
    'window',
  ],
  [/insufficient AI credits|INSUFFICIENT_G1_CREDITS_BALANCE/, 'billing'],
  [
    /API key not valid|API_KEY_INVALID|UNAUTHENTICATED|Verify your account|Please set an Auth method|"code":401/,
    'auth',
  ],
  [
    /PERMISSION_DENIED|"code":403|models\/.* is not found|ModelNotFoundError|Quota exceeded for metric: .*limit: 0\b/,
    'entitlement',
  ],
  [/RESOURCE_EXHAUSTED|"code":429|status 429/, 'throttle'],
  [/No capacity available|high demand|UNAVAILABLE|"code":50\d|status: 50\d|API Error: terminated/, 'overload'],
  [/input token count .* exceeds|context window/i, 'context-overflow'],
  [/MCP (server|client|tool).*(failed|disconnected|error)/i, 'mcp-lost'],
];

const count = z.number().nonnegative().catch(0);
/** Of this process. What was thought is in the total alone. https://geminicli.com/docs/cli/headless */
const statsSchema = z.object({
  models: z.record(
    z.string(),
    z.object({ total_tokens: count, input_tokens: count, output_tokens: count, cached: count }),
  ),
});

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('init'), model: z.string() }),
  z.object({ type: z.literal('message'), role: z.string(), content: z.string() }),
  z.object({
    type: z.literal('tool_use'),
    tool_name: z.string(),
    tool_id: z.string().optional(),
    parameters: z.unknown().optional(),
  }),
  z.object({
    type: z.literal('tool_result'),
    tool_id: z.string().optional(),
    status: z.string().optional(),
    output: z.unknown().optional(),
    error: z.unknown().optional(),
  }),
  z.object({ type: z.literal('error'), severity: z.string(), message: z.string() }),
  z.object({
    type: z.literal('result'),
    status: z.string(),
    error: z.object({ message: z.string() }).optional(),
    stats: statsSchema.optional().catch(undefined),
  }),
]);

/** The types of its events. */
const events = /^(init|message|tool_use|tool_result|error|result)$/;

export const geminiJob: JobMode = {
  args: ({ kind, session, model, args, reads = [] }) => [
    '--output-format',
    'stream-json',
    '--skip-trust',
    kind === 'first' ? '--session-id' : '--resume',
    session,
    ...(model === null ? [] : ['-m', model]),
    ...reads.flatMap((folder) => ['--include-directories', folder]),
    ...args,
  ],
  // As its own child it would outlive a kill of the process that was started.
  environment: { GEMINI_CLI_NO_RELAUNCH: 'true' },
  listen: (now) => withWholeLines(listen(now), events),
  readStderr: (text, exitCode, now) => {
    const read = readFailure(lastLines(text), words, now);
    // 41 is its configuration of logins (0.61.0).
    return read.failure === 'unknown' && exitCode === 41 ? { ...read, failure: 'auth' } : read;
  },
  chain: [],
  abilities: { spending: 'turn', namesModel: true, mcp: true },
};

function listen(now: () => number): JobListener {
  const hear = listenToGemini(now);
  // A message comes in pieces, and the last one is the result.
  let message = '';
  const calls = new ToolCalls();
  let turns = 0;
  let models: Usage['models'] = null;
  // It does not tell of single answers: a call of a tool is one, and the end of its turn.
  const count = (event: Shown): AgentEvent[] => {
    if (event.type !== 'tool_result' && event.type !== 'result') return [];
    turns += 1;
    if (event.type === 'result' && event.stats !== undefined) models = modelsOf(event.stats);
    return [{ kind: 'usage', usage: { turns, models, costUsd: null, ofConversation: false } }];
  };
  return (channel, line) => {
    if (channel === 'stderr') {
      if (line.startsWith('Error resuming session:')) return [{ kind: 'session-missing' }];
      const told = eventsOf(hear(channel, line).told);
      return told.length === 0 && /^Attempt \d+ failed/.test(line)
        ? [{ kind: 'retrying', detail: line.slice(0, 200) }]
        : told;
    }
    const event = eventSchema.safeParse(parseJson(line)).data;
    const told = eventsOf(hear(channel, line).told);
    if (event?.type === 'message') {
      if (event.role !== 'assistant') return told;
      message += event.content;
      return told;
    }
    const said: AgentEvent[] = message === '' || event === undefined ? [] : [{ kind: 'text', text: message }];
    const events = event === undefined ? [] : [...fromEvent(event, { message, calls, now: now() }), ...count(event)];
    if (event !== undefined) message = '';
    return [...said, ...told, ...events];
  };
}

function modelsOf({ models }: z.infer<typeof statsSchema>): Usage['models'] {
  return Object.entries(models).map(
    ([model, { total_tokens: total, input_tokens: input, output_tokens: output, cached }]) => {
      const cache = { cacheReadTokens: cached, cacheWriteTokens: 0, longCacheWriteTokens: 0 };
      return { model, inputTokens: input, ...cache, outputTokens: Math.max(output, total - input) };
    },
  );
}

type Shown = Exclude<z.infer<typeof eventSchema>, { type: 'message' }>;

type Hearing = { readonly message: string; readonly calls: ToolCalls; readonly now: number };

function fromEvent(event: Shown, { message, calls, now }: Hearing): AgentEvent[] {
  // `auto` chooses anew for each request.
  if (event.type === 'init') return event.model === 'auto' ? [] : [{ kind: 'model', model: event.model }];
  if (event.type === 'tool_use') {
    const { tool_id: id, tool_name: name, parameters } = event;
    const begun = id === undefined ? [] : calls.begin(id, name, parameters);
    return [{ kind: 'tool', name, summary: JSON.stringify(parameters ?? {}).slice(0, 200) }, ...begun];
  }
  if (event.type === 'tool_result')
    return event.tool_id === undefined ? [] : calls.end(event.tool_id, [event.status, event.output, event.error]);
  if (event.type === 'error') {
    // Its result is `success` then: it has stopped itself in the middle.
    if (/^Loop detected|^Maximum session turns/.test(event.message))
      return [{ kind: 'error', failure: 'task', detail: event.message.slice(0, 300), until: null }];
    return event.severity === 'error' ? [{ kind: 'error', ...readFailure(event.message, words, now) }] : [];
  }
  if (event.status === 'success') return [{ kind: 'result', text: message }];
  return [{ kind: 'error', ...readFailure(event.error?.message ?? 'no reason given', words, now) }];
}
