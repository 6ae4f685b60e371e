import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../../lib/parse-json.ts';
import { shellWord } from '../../lib/shell-word.ts';
import { readFailure } from '../failure-text.ts';
import { readHookEvent } from '../hook-event.ts';
import { interrupted, type AgentEvent, type JobListener, type TerminalMode } from '../job-mode.ts';
import { Permissions } from '../permissions.ts';
import { eventsOf } from '../told-events.ts';
import { toolResult } from '../tool-calls.ts';
import { listenToCodex } from './events.ts';
import { tokensOf, usageSchema, words } from './job.ts';

/** Its hooks by the names that their trust is noted under. */
const hooks = {
  SessionStart: 'session_start',
  UserPromptSubmit: 'user_prompt_submit',
  PermissionRequest: 'permission_request',
  PostToolUse: 'post_tool_use',
} as const;

/** Lines of a rollout of Codex 0.169.0 that tell what it says and does, and where a turn ends. */
const rolloutSchema = z.object({
  type: z.literal('event_msg'),
  payload: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('item_completed'),
      item: z.discriminatedUnion('type', [
        z.object({ type: z.literal('AgentMessage'), content: z.array(z.object({ text: z.string().default('') })) }),
        z.object({
          type: z.literal('CommandExecution'),
          command: z.array(z.string()),
          exit_code: z.number().nullish(),
          aggregated_output: z.string().nullish(),
        }),
        z.object({
          type: z.literal('McpToolCall'),
          server: z.string().default('mcp'),
          tool: z.string().default(''),
          arguments: z.unknown().optional(),
          result: z.unknown().optional(),
          error: z.unknown().optional(),
        }),
      ]),
    }),
    z.object({
      type: z.literal('task_complete'),
      last_agent_message: z.string().nullish(),
      error: z.object({ message: z.string() }).nullish(),
    }),
    z.object({
      type: z.literal('token_count'),
      info: z.object({ total_token_usage: usageSchema }).nullable().catch(null),
    }),
    // A person has interrupted it.
    z.object({ type: z.literal('turn_aborted') }),
  ]),
});

/** Lines between model and tools: a call is there as soon as it is made, its item only once it has ended. */
const callSchema = z.object({
  type: z.literal('response_item'),
  payload: z.discriminatedUnion('type', [
    z.object({ type: z.enum(['function_call', 'custom_tool_call']), call_id: z.string(), name: z.string() }),
    z.object({ type: z.enum(['function_call_output', 'custom_tool_call_output']), call_id: z.string() }),
  ]),
});

/** Codex 0.169.0 as a person runs it: its hooks tell what it waits for, its rollout what was said and where a turn ends. */
export const codexTerminal: TerminalMode = {
  silent: false,
  args: ({ kind, session, model, args, says, hook }) => [
    ...(kind === 'resume' ? ['resume'] : []),
    ...hookSettings(`/bin/sh ${shellWord(hook)}`),
    ...(model === null ? [] : ['-m', model]),
    ...args,
    ...(kind === 'resume' ? [session] : []),
    says,
  ],
  listen,
  limits: [/hit your usage limit/i, /usage limit has been reached/i, /out of credits/i],
};

/** Our own hook and no other is trusted: Codex would ask a person about it, or with its flag trust everybody’s. */
function hookSettings(command: string): string[] {
  const settings = Object.keys(hooks).flatMap((name) => [
    '-c',
    `hooks.${name}=[{hooks=[{type="command",command=${JSON.stringify(command)}}]}]`,
  ]);
  const trust = Object.values(hooks).map(
    (name) => `"/<session-flags>/config.toml:${name}:0:0"={trusted_hash="${trustOf(name, command)}"}`,
  );
  return [...settings, '-c', `hooks.state={${trust.join(',')}}`];
}

/** What Codex 0.169.0 writes into its own config for a hook that was agreed to. */
function trustOf(event: string, command: string): string {
  const hook = { event_name: event, hooks: [{ async: false, command, timeout: 600, type: 'command' }] };
  return `sha256:${createHash('sha256').update(JSON.stringify(hook)).digest('hex')}`;
}

function listen(now: () => number): JobListener {
  const hear = listenToCodex(now);
  const permissions = new Permissions('y');
  let turns = 0;
  return (channel, line) => {
    if (channel === 'stdout') return fromHook(line, permissions);
    if (channel !== 'transcript') return [];
    const parsed = parseJson(line);
    const call = callSchema.safeParse(parsed).data?.payload;
    if (call !== undefined) return [fromCall(call)];
    const payload = rolloutSchema.safeParse(parsed).data?.payload;
    if (payload?.type === 'task_complete' || payload?.type === 'turn_aborted') permissions.none();
    const told = eventsOf(hear(channel, line).told);
    if (payload?.type !== 'token_count') return [...told, ...fromRollout(payload, now())];
    if (payload.info === null) return told;
    // It is told after each answer, with the totals of the thread.
    turns += 1;
    const models = [tokensOf(payload.info.total_token_usage)];
    return [...told, { kind: 'usage', usage: { turns, models, costUsd: null, ofConversation: true } }];
  };
}

function fromHook(line: string, permissions: Permissions): readonly AgentEvent[] {
  const event = readHookEvent(line);
  switch (event?.hook_event_name) {
    case 'SessionStart':
      return [{ kind: 'session', id: event.session_id }];
    case 'UserPromptSubmit':
      permissions.none();
      return [{ kind: 'going' }];
    case 'PostToolUse':
      return permissions.ended(event);
    case 'PermissionRequest':
      return permissions.asked(event);
    default:
      return [];
  }
}

function fromCall(call: z.infer<typeof callSchema>['payload']): AgentEvent {
  return 'name' in call
    ? { kind: 'tool-begun', id: call.call_id, name: call.name }
    : { kind: 'tool-ended', id: call.call_id };
}

type Payload = Exclude<z.infer<typeof rolloutSchema>['payload'], { type: 'token_count' }>;

function fromRollout(payload: Payload | undefined, now: number): readonly AgentEvent[] {
  switch (payload?.type) {
    case 'item_completed': {
      const { item } = payload;
      if (item.type === 'AgentMessage') return [{ kind: 'text', text: item.content.map(({ text }) => text).join('') }];
      if (item.type === 'McpToolCall') {
        const name = `${item.server}.${item.tool}`;
        return [{ kind: 'tool', name, summary: '' }, toolResult(name, item.arguments, [item.result, item.error])];
      }
      const { command, exit_code: code, aggregated_output: output } = item;
      const tool: AgentEvent = { kind: 'tool', name: 'shell', summary: (command.at(-1) ?? '').slice(0, 200) };
      return [tool, toolResult('shell', command, [code, output])];
    }
    case 'task_complete': {
      const { error, last_agent_message: text } = payload;
      const end: AgentEvent =
        error === null || error === undefined
          ? { kind: 'result', text: text ?? '' }
          : { kind: 'error', ...readFailure(error.message, words, now) };
      return [end, { kind: 'turn-ended' }];
    }
    case 'turn_aborted':
      return [interrupted];
    default:
      return [];
  }
}
