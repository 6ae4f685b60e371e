import { join } from 'node:path';
import { z } from 'zod';
import type { FailureKind } from '../../core/job/failure-kind.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { readFailure, type FailureWords } from '../failure-text.ts';
import { toolServerName, toolTokenVariable, type AgentEvent, type JobListener, type JobMode } from '../job-mode.ts';
import { eventsOf, lastLines } from '../told-events.ts';
import { ToolCalls } from '../tool-calls.ts';
import { withWholeLines } from '../whole-lines.ts';
import { listenToClaude } from './events.ts';
import { countClaude } from './usage.ts';

/** Texts of Claude Code 2.1.197, as an error entry or a result shows them. */
const words: FailureWords = [
  [
    /You've hit your (?!(org's )?monthly spend).*limit|You're out of (usage|extra usage)|out of usage credits/,
    'window',
  ],
  [/Credit balance is too low|monthly spend limit|Your org is out of usage|usage limit is set to \$0/, 'billing'],
  [
    /Invalid API key|Please run \/login|Please login again|Failed to authenticate|OAuth token (has expired|revoked)/,
    'auth',
  ],
  [
    /does not have access to Claude|has disabled Claude subscription access|issue with the selected model|seat type doesn't include|This service is disabled for your org|usage allocation has been disabled|requires usage credits|Usage credits required/,
    'entitlement',
  ],
  [/temporarily limiting requests|Request rejected \(429\)/, 'throttle'],
  [/\b529\b|Overloaded|API Error: 50\d|The API is at capacity/i, 'overload'],
  [/Prompt is too long|exceeds? the context (window|limit)|Request too large/i, 'context-overflow'],
  [/MCP server .* (failed|disconnected)|MCP error/i, 'mcp-lost'],
];

/** The `error` of an error entry: https://docs.claude.com/en/docs/claude-code/headless, strings of 2.1.197. */
const kinds: Readonly<Record<string, FailureKind>> = {
  authentication_failed: 'auth',
  oauth_org_not_allowed: 'entitlement',
  billing_error: 'billing',
  rate_limit: 'throttle',
  overloaded: 'overload',
  model_not_found: 'entitlement',
  server_error: 'overload',
  max_output_tokens: 'task',
};

const entrySchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('assistant'),
    error: z.string().optional(),
    parent_tool_use_id: z.string().nullable().default(null),
    isSidechain: z.boolean().default(false),
    message: z.object({
      model: z.string().optional(),
      content: z.array(
        z.object({
          type: z.string(),
          text: z.string().optional(),
          id: z.string().optional(),
          name: z.string().optional(),
          input: z.unknown().optional(),
        }),
      ),
    }),
  }),
  z.discriminatedUnion('subtype', [
    z.object({ type: z.literal('system'), subtype: z.literal('init'), model: z.string() }),
    z.object({
      type: z.literal('system'),
      subtype: z.literal('api_retry'),
      error: z.string().optional(),
      error_status: z.number().nullish(),
    }),
  ]),
  z.object({
    type: z.literal('user'),
    parent_tool_use_id: z.string().nullable().default(null),
    message: z.object({
      content: z.array(
        z.object({
          type: z.string(),
          tool_use_id: z.string().optional(),
          content: z.unknown().optional(),
          is_error: z.boolean().nullish(),
        }),
      ),
    }),
  }),
  z.object({
    type: z.literal('result'),
    is_error: z.boolean(),
    subtype: z.string(),
    result: z.string().optional(),
    errors: z.array(z.unknown()).optional(),
  }),
]);

/** The types of its events. */
const events = /^(system|assistant|user|result|rate_limit_event|stream_event)$/;

const serversFile = 'mcp.json';

export const claudeJob: JobMode = {
  args: ({ kind, session, model, args, reads = [] }) => [
    '-p',
    '--output-format',
    'stream-json',
    '--verbose',
    kind === 'first' ? '--session-id' : '--resume',
    session,
    ...(model === null ? [] : ['--model', model]),
    ...reads.map((folder) => `--add-dir=${folder}`),
    ...args,
  ],
  // Its own waiting for the end of a limit would hide it from us: 2.1.197 takes `1`, `true`, `yes` and `on` for on.
  environment: { CLAUDE_CODE_RETRY_WATCHDOG: '0', DISABLE_AUTOUPDATER: '1' },
  listen: (now) => withWholeLines(listen(now), events),
  readStderr: (text, _, now) => readFailure(lastLines(text), words, now),
  abilities: { spending: 'answer', namesModel: true, mcp: true },
  chain: ['opus', 'sonnet[1m]', 'sonnet', 'haiku'],
  tools: ({ url, folder }) => {
    // 2.1.197 fills variables in; the user's own servers and allowed tools stay beside these.
    const headers = { Authorization: `Bearer \${${toolTokenVariable}}` };
    const server = { type: 'http', url, headers };
    return {
      args: ['--mcp-config', join(folder, serversFile), '--allowedTools', `mcp__${toolServerName}`],
      files: { [serversFile]: JSON.stringify({ mcpServers: { [toolServerName]: server } }) },
    };
  },
};

function listen(now: () => number): JobListener {
  const hear = listenToClaude(now);
  const calls = new ToolCalls();
  const count = countClaude();
  return (channel, line) => {
    if (channel === 'stderr')
      return line.startsWith('No conversation found with session ID') ? [{ kind: 'session-missing' }] : [];
    const parsed = parseJson(line);
    return [...eventsOf(hear(channel, line).told), ...entryEvents(parsed, calls, now()), ...count(parsed)];
  };
}

/** What an entry of its output says, or one of its transcript. */
export function entryEvents(parsed: unknown, calls: ToolCalls, now: number): AgentEvent[] {
  const entry = entrySchema.safeParse(parsed).data;
  return entry === undefined || ('isSidechain' in entry && entry.isSidechain) ? [] : fromEntry(entry, calls, now);
}

function fromEntry(entry: z.infer<typeof entrySchema>, calls: ToolCalls, now: number): AgentEvent[] {
  switch (entry.type) {
    case 'system':
      if (entry.subtype === 'init') return [{ kind: 'model', model: entry.model }];
      return [{ kind: 'retrying', detail: entry.error ?? `status ${entry.error_status ?? 'unknown'}` }];
    case 'result': {
      if (!entry.is_error) return [{ kind: 'result', text: entry.result ?? '' }];
      if (entry.subtype.startsWith('error_max_'))
        return [
          { kind: 'error', failure: 'task', detail: `Claude Code stopped itself: ${entry.subtype}`, until: null },
        ];
      const said = entry.result ?? (entry.errors ?? []).filter((each) => typeof each === 'string').join(' ');
      return [{ kind: 'error', ...readFailure(said === '' ? entry.subtype : said, words, now) }];
    }
    case 'user':
      return entry.message.content.flatMap(({ type, tool_use_id: id, content, is_error: isError }) =>
        type === 'tool_result' && id !== undefined ? calls.end(id, [isError === true, content]) : [],
      );
    case 'assistant': {
      const { content, model } = entry.message;
      if (model !== '<synthetic>') {
        if (entry.parent_tool_use_id !== null) return [];
        return content.flatMap((block) => fromBlock(block, calls));
      }
      const text = content.map((each) => each.text ?? '').join(' ');
      const read = readFailure(text, words, now);
      const failure = read.failure === 'unknown' ? (kinds[entry.error ?? ''] ?? 'unknown') : read.failure;
      return entry.error === undefined || entry.parent_tool_use_id !== null
        ? []
        : [{ kind: 'error', ...read, failure }];
    }
  }
}

type Block = {
  readonly type: string;
  readonly text?: string | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly input?: unknown;
};

function fromBlock({ type, text, id, name = 'tool', input }: Block, calls: ToolCalls): AgentEvent[] {
  if (type === 'text' && text !== undefined && text !== '') return [{ kind: 'text', text }];
  if (type !== 'tool_use') return [];
  const begun = id === undefined ? [] : calls.begin(id, name, input);
  return [{ kind: 'tool', name, summary: JSON.stringify(input ?? {}).slice(0, 200) }, ...begun];
}
