import { z } from 'zod';
import { interrupted, type AgentEvent, type JobListener, type TerminalMode } from '../job-mode.ts';
import { readHookEvent } from '../hook-event.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { shellWord } from '../../lib/shell-word.ts';
import { Permissions } from '../permissions.ts';
import { eventsOf } from '../told-events.ts';
import { listenToClaude } from './events.ts';
import { ToolCalls } from '../tool-calls.ts';
import { entryEvents } from './job.ts';
import { countClaude } from './usage.ts';

/** What is asked for in a permission prompt comes before it; a notification tells of other dialogs, such as a plan to agree to. */
const hooks = [
  'SessionStart',
  'UserPromptSubmit',
  'PermissionRequest',
  'PostToolUse',
  'PostToolUseFailure',
  'Notification',
  'Stop',
  'SessionEnd',
];

/** What it has started, as one call of a tool: nobody is waited for but that between the end of a turn and the next prompt. */
const background = 'background';

/** That it has been idle is told long after the end of the turn, and a login or an answer ask for nothing. */
const noQuestions = new Set([
  ...['idle_prompt', 'permission_prompt', 'auth_success', 'elicitation_complete', 'elicitation_response'],
]);

/**
 * What Claude Code 2.1.197 writes down when a person has pressed Escape, in its work or in a dialog; no hook tells of that.
 * A person who types the same words is noted as their source.
 */
const interruptedSchema = z.object({
  type: z.literal('user'),
  isSidechain: z.literal(false),
  promptSource: z.undefined().optional(),
  message: z.object({
    content: z.tuple([
      z.object({
        type: z.literal('text'),
        text: z.string().regex(/^\[Request interrupted by user( for tool use)?\]$/),
      }),
    ]),
  }),
});

/** Claude Code 2.1.197 as a person runs it: its hooks tell where a turn begins and ends, its transcript what was said in it. */
export const claudeTerminal: TerminalMode = {
  silent: false,
  args: ({ kind, session, model, args, reads = [], says, hook }) => [
    kind === 'first' ? '--session-id' : '--resume',
    session,
    '--settings',
    JSON.stringify({ hooks: Object.fromEntries(hooks.map((name) => [name, [hookOf(hook)]])) }),
    ...(model === null ? [] : ['--model', model]),
    ...reads.map((folder) => `--add-dir=${folder}`),
    ...args,
    // What may follow an option with many values would be one of them.
    '--',
    says,
  ],
  listen,
  limits: [/hit your [\w ]*limit/i, /limit reached/i, /out of (extra )?usage/i],
};

function hookOf(script: string): object {
  return { hooks: [{ type: 'command', command: `/bin/sh ${shellWord(script)}` }] };
}

function listen(now: () => number): JobListener {
  const hear = listenToClaude(now);
  const calls = new ToolCalls();
  const count = countClaude();
  const permissions = new Permissions('1');
  return (channel, line) => {
    if (channel === 'stdout') {
      const told = fromHook(line, permissions);
      // The last answer of a turn has no tools to wait for.
      return told.some(({ kind }) => kind === 'turn-ended' || kind === 'rests')
        ? [...count({ type: 'user' }), ...told]
        : told;
    }
    if (channel !== 'transcript') return [];
    const parsed = parseJson(line);
    if (interruptedSchema.safeParse(parsed).success) {
      permissions.none();
      return [interrupted];
    }
    const told = [...eventsOf(hear(channel, line).told), ...entryEvents(parsed, calls, now()), ...count(parsed)];
    // Such an entry ends the turn, and no hook tells of that.
    if (!told.some(({ kind }) => kind === 'error' || kind === 'limited')) return told;
    permissions.none();
    return [...told, { kind: 'turn-ended' }];
  };
}

function fromHook(line: string, permissions: Permissions): readonly AgentEvent[] {
  const event = readHookEvent(line);
  switch (event?.hook_event_name) {
    case 'SessionStart':
      return [{ kind: 'session', id: event.session_id }];
    case 'UserPromptSubmit':
      permissions.none();
      return [{ kind: 'tool-ended', id: background }, { kind: 'going' }];
    case 'PostToolUse':
    case 'PostToolUseFailure':
      return permissions.ended(event);
    case 'PermissionRequest':
      return permissions.asked(event);
    case 'Notification':
      return noQuestions.has(event.notification_type ?? '')
        ? []
        : [{ kind: 'asks', question: event.message ?? 'It wants your attention.' }];
    case 'Stop': {
      permissions.none();
      const text = event.last_assistant_message ?? '';
      if ((event.background_tasks ?? []).length === 0) return [{ kind: 'result', text }, { kind: 'turn-ended' }];
      // It goes on by itself when what runs in the background has ended, which is told by the end of its next turn; a server never does.
      return [
        { kind: 'tool-begun', id: background, name: 'background task' },
        { kind: 'rests', text },
      ];
    }
    default:
      return [];
  }
}
