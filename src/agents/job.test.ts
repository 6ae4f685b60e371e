// What the genuine CLIs printed (Claude Code 2.1.197, Codex 0.169.0, Gemini CLI 0.61.0), shortened, and what jobs hear in it.
import { describe, expect, test } from 'bun:test';
import type { FailureKind } from '../core/job/failure-kind.ts';
import { claudeJob } from './claude/job.ts';
import { codexJob } from './codex/job.ts';
import { geminiJob } from './gemini/job.ts';
import type { AgentEvent, JobMode } from './job-mode.ts';

const now = Date.parse('2026-11-21T11:00:00Z');
const modes = { claude: claudeJob, codex: codexJob, gemini: geminiJob } as const;

function hear(
  mode: JobMode,
  lines: readonly (object | string)[],
  channel: 'stdout' | 'stderr' = 'stdout',
): AgentEvent[] {
  const listen = mode.listen(() => now);
  return lines.flatMap((line) => [...listen(channel, typeof line === 'string' ? line : JSON.stringify(line))]);
}

const claudeSession = '11111111-2222-4333-8444-555555555555';
const synthetic = (error: string, text: string): object => ({
  type: 'assistant',
  message: { model: '<synthetic>', role: 'assistant', content: [{ type: 'text', text }] },
  error,
  parent_tool_use_id: null,
  session_id: claudeSession,
});

describe('a turn that ends well', () => {
  test('of Claude Code', () => {
    const lines = [
      { type: 'system', subtype: 'init', session_id: claudeSession, model: 'claude-opus-4-8[1m]' },
      {
        type: 'assistant',
        message: {
          model: 'claude-opus-4-8',
          content: [{ type: 'tool_use', name: 'Bash', input: { command: 'echo step 1' } }],
        },
        parent_tool_use_id: null,
      },
      { type: 'user', message: { role: 'user', content: [{ type: 'tool_result', content: "You've hit your limit" }] } },
      { type: 'assistant', message: { model: 'claude-opus-4-8', content: [{ type: 'text', text: 'all done' }] } },
      { type: 'result', subtype: 'success', is_error: false, result: 'all done', session_id: claudeSession },
    ];
    expect(hear(claudeJob, lines)).toEqual([
      { kind: 'session', id: claudeSession },
      { kind: 'model', model: 'claude-opus-4-8[1m]' },
      { kind: 'tool', name: 'Bash', summary: '{"command":"echo step 1"}' },
      { kind: 'text', text: 'all done' },
      { kind: 'turn-completed' },
      { kind: 'result', text: 'all done' },
    ]);
  });

  test('of Codex', () => {
    const lines = [
      { type: 'thread.started', thread_id: '01a1fe96-24ff-7813-9ebf-e72e84fda068' },
      { type: 'turn.started' },
      {
        type: 'item.started',
        item: { id: 'item_0', type: 'command_execution', command: "/bin/bash -lc 'echo step 1'" },
      },
      {
        type: 'item.completed',
        item: { id: 'item_0', type: 'command_execution', aggregated_output: 'usage_limit_reached' },
      },
      { type: 'error', message: 'Reconnecting... 2/5 (stream disconnected)' },
      { type: 'item.completed', item: { id: 'item_2', type: 'agent_message', text: 'all done' } },
      { type: 'turn.completed', usage: { input_tokens: 42_057, output_tokens: 8 } },
    ];
    expect(hear(codexJob, lines)).toEqual([
      { kind: 'session', id: '01a1fe96-24ff-7813-9ebf-e72e84fda068' },
      { kind: 'tool', name: 'shell', summary: "/bin/bash -lc 'echo step 1'" },
      { kind: 'retrying', detail: 'Reconnecting... 2/5 (stream disconnected)' },
      { kind: 'text', text: 'all done' },
      { kind: 'turn-completed' },
      { kind: 'result', text: 'all done' },
    ]);
  });

  test('of Gemini CLI', () => {
    const lines = [
      { type: 'init', session_id: claudeSession, model: 'auto' },
      { type: 'message', role: 'user', content: 'do it' },
      { type: 'tool_use', tool_name: 'run_shell_command', parameters: { command: 'echo step 1' } },
      { type: 'tool_result', status: 'success', output: 'RESOURCE_EXHAUSTED' },
      { type: 'message', role: 'assistant', content: 'all ', delta: true },
      { type: 'message', role: 'assistant', content: 'done', delta: true },
      { type: 'result', status: 'success', stats: {} },
    ];
    expect(hear(geminiJob, lines)).toEqual([
      { kind: 'session', id: claudeSession },
      { kind: 'tool', name: 'run_shell_command', summary: '{"command":"echo step 1"}' },
      { kind: 'text', text: 'all done' },
      { kind: 'turn-completed' },
      { kind: 'result', text: 'all done' },
    ]);
  });
});

describe('a turn that fails', () => {
  const claude = (error: string, text: string): AgentEvent[] =>
    hear(claudeJob, [synthetic(error, text), { type: 'result', subtype: 'success', is_error: true, result: text }]);
  const codex = (message: string): AgentEvent[] =>
    hear(codexJob, [
      { type: 'error', message },
      { type: 'turn.failed', error: { message } },
    ]);
  const gemini = (message: string): AgentEvent[] =>
    hear(geminiJob, [{ type: 'result', status: 'error', error: { type: 'unknown', message } }]);
  const stint = 'Stint: every account of pool a for opus is closed; the first opens in 2h 5m (13:05 UTC). a/b closed.';

  const texts: [string, AgentEvent[], FailureKind][] = [
    ['session limit', claude('rate_limit', "You've hit your session limit · resets 12:57pm (UTC)"), 'window'],
    ['Opus limit', claude('rate_limit', "You've hit your Opus limit · resets Nov 23, 7:31am (UTC)"), 'window'],
    [
      'throttle',
      claude('rate_limit', 'API Error: Server is temporarily limiting requests (not your usage limit) · Rated'),
      'throttle',
    ],
    [
      'throttle, key',
      claude('rate_limit', 'API Error: Request rejected (429) · This request would exceed your account’s rate limit.'),
      'throttle',
    ],
    [
      'overload',
      claude('overloaded', 'API Error: 529 Overloaded. This is a server-side issue, usually temporary'),
      'overload',
    ],
    [
      'its own limit of turns',
      hear(claudeJob, [{ type: 'result', subtype: 'error_max_turns', is_error: true }]),
      'task',
    ],
    ['too long', claude('invalid_request', 'Prompt is too long: 215529 tokens > 200000 maximum'), 'context-overflow'],
    ['server error', claude('server_error', 'API Error: 500 Internal server error'), 'overload'],
    ['credit', claude('billing_error', 'Credit balance is too low'), 'billing'],
    ['key', claude('authentication_failed', 'Invalid API key · Fix external API key'), 'auth'],
    ['login', claude('authentication_failed', 'Failed to authenticate. API Error: 401 Invalid bearer token'), 'auth'],
    [
      'organization',
      claude('oauth_org_not_allowed', 'Your organization has disabled Claude subscription access for Claude Code'),
      'entitlement',
    ],
    ['model', claude('model_not_found', "There's an issue with the selected model (x)"), 'entitlement'],
    ['length', claude('invalid_request', 'Prompt is too long'), 'context-overflow'],
    [
      'network',
      claude('unknown', 'API Error: Connection to the API was lost (ECONNRESET). Check your network'),
      'network',
    ],
    ['the gateway', claude('rate_limit', `API Error: Request rejected (429) · ${stint}`), 'window'],
    ['codex usage', codex('You’ve hit your usage limit. Try again at 12:43 PM.'), 'window'],
    [
      'codex plan',
      codex('To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.'),
      'entitlement',
    ],
    ['codex quota', codex('Quota exceeded. Check your plan and billing details.'), 'billing'],
    ['codex credits', codex('Your workspace is out of credits. Add credits to continue.'), 'billing'],
    ['codex 429', codex('exceeded retry limit, last status: 429 Too Many Requests, request id: req_1'), 'throttle'],
    ['codex capacity', codex('Selected model is at capacity. Please try a different model.'), 'overload'],
    ['codex 503', codex('unexpected status 503 Service Unavailable: x, url: http://a, request id: r'), 'overload'],
    ['codex cut', codex('stream disconnected before completion: error sending request'), 'network'],
    ['codex gateway', codex(JSON.stringify({ error: { message: stint, code: 'usage_limit' } })), 'window'],
    [
      'codex none',
      codex('{"error":{"message":"Stint: no account of pool openai is in service","code":"account_unavailable"}}'),
      'entitlement',
    ],
    ['gemini day', gemini('[API Error: You have exhausted your daily quota on this model.]'), 'window'],
    [
      'gemini key',
      gemini(
        '[API Error: {"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]',
      ),
      'auth',
    ],
    [
      'gemini capacity',
      gemini('[API Error: No capacity available for model gemini-2.5-pro on the server]'),
      'overload',
    ],
    [
      'gemini 503',
      gemini('[API Error: {"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]'),
      'overload',
    ],
    ['gemini cut', gemini('[API Error: terminated]'), 'overload'],
    [
      'gemini gateway',
      gemini(`[API Error: {"error":{"code":429,"message":"${stint}","status":"RESOURCE_EXHAUSTED"}}]`),
      'window',
    ],
    [
      'gemini none',
      gemini(
        '[API Error: {"error":{"code":403,"message":"Stint: no account of pool google is in service: a disabled.","status":"PERMISSION_DENIED"}}]',
      ),
      'entitlement',
    ],
  ];
  test.each(texts)('by its %s is known for what it is', (_, events, failure) => {
    expect(events.filter((each) => each.kind === 'error').map((each) => each.failure)[0]).toBe(failure);
    expect(events.filter((each) => each.kind === 'result')).toEqual([]);
  });

  test('tells until when, where its words do', () => {
    const until = (events: AgentEvent[]): unknown => events.find((each) => each.kind === 'error')?.until;
    expect(until(claude('rate_limit', "You've hit your session limit · resets 12:57pm (UTC)"))).toBe(
      Date.parse('2026-11-21T12:57:00Z'),
    );
    expect(until(codex(stint))).toBe(now + (2 * 60 + 5) * 60_000);
    expect(until(claude('overloaded', 'API Error: 529 Overloaded.'))).toBeNull();
  });

  test.each([
    ['claude', 'No conversation found with session ID: 11111111-2222-4333-8444-55555555aaaa'],
    ['codex', 'Error: thread/resume: thread/resume failed: no rollout found for thread id 01a1fe96 (code -32600)'],
    ['gemini', 'Error resuming session: Invalid session identifier "11111111-2222-4333-8444-55555555bbbb".'],
  ] as const)('of %s because its conversation is not there is told apart', (agent, line) => {
    expect(hear(modes[agent], [line], 'stderr')).toEqual([{ kind: 'session-missing' }]);
  });
});

// Everything here was said by a model, a tool or a file, and speaks of limits: none of it is one.
const talk = [
  "You've hit your session limit · resets 3pm (Europe/Rome)",
  'HTTP/1.1 429 Too Many Requests\nretry-after: 3600',
  '{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account’s rate limit."}}',
  'if (response.status === 429) throw new RateLimitError("usage limit reached");',
  'You’ve hit your usage limit. Try again at Nov 23rd, 2026 7:46 AM.',
  'RESOURCE_EXHAUSTED: Quota exceeded for metric, Please retry in 35.6s.',
  '{"type":"result","subtype":"success","is_error":true,"result":"Credit balance is too low"}',
  '{"type":"turn.failed","error":{"message":"You’ve hit your usage limit."}}',
  '# Limits\nWhen an account is rate limited (529 Overloaded), Stint moves on. ENOSPC, ECONNRESET, out of memory.',
];

describe('words about limits', () => {
  test('of a model or a tool are none', () => {
    const rows = talk.flatMap((text): [keyof typeof modes, object[]][] => [
      [
        'claude',
        [
          {
            type: 'assistant',
            message: { model: 'claude-opus-4-8', content: [{ type: 'text', text }] },
            parent_tool_use_id: null,
          },
          { type: 'user', message: { role: 'user', content: [{ type: 'tool_result', content: text }] } },
        ],
      ],
      [
        'codex',
        [
          { type: 'item.completed', item: { type: 'agent_message', text } },
          { type: 'item.completed', item: { type: 'command_execution', aggregated_output: text } },
        ],
      ],
      [
        'gemini',
        [
          { type: 'message', role: 'assistant', content: text, delta: true },
          { type: 'tool_result', status: 'success', output: text },
        ],
      ],
    ]);
    const wrong = rows.filter(([agent, lines]) =>
      hear(modes[agent], lines).some(
        (each) => each.kind === 'error' || each.kind === 'limited' || each.kind === 'signal',
      ),
    );
    process.stderr.write(`false positives: ${wrong.length} of ${rows.length}\n`);
    expect(wrong).toEqual([]);
  });
});
