// What the genuine CLIs printed (Claude Code 2.1.197, Codex 0.169.0, Gemini CLI 0.61.0), shortened, and what jobs hear in it.
import { describe, expect, test } from 'bun:test';
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
  const events = lines.flatMap((line) => [...listen(channel, typeof line === 'string' ? line : JSON.stringify(line))]);
  // What they spend is in usage.test.ts.
  return events.filter(({ kind }) => kind !== 'usage');
}

describe('what a tool gave', () => {
  const result = (name: string) => ({
    kind: 'tool-result',
    name,
    call: expect.any(String),
    result: expect.any(String),
  });
  // Each call has another id.
  const used = (events: readonly AgentEvent[]) =>
    events.flatMap((each) => (each.kind === 'tool-result' ? [{ ...each, id: undefined }] : []));
  const claude = (id: string, input: object, content: unknown): object[] => [
    { type: 'assistant', message: { model: 'm', content: [{ type: 'tool_use', id, name: 'Bash', input }] } },
    { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: id, content }] } },
  ];
  const codex = (command: string, output: string): object[] => [
    {
      type: 'item.completed',
      item: { type: 'command_execution', command, aggregated_output: output, exit_code: 0 },
    },
  ];
  const works = (item: object): object[] =>
    ['item.started', 'item.completed'].map((type) => ({ type, item: { id: 'item_1', ...item } }));
  const gemini = (id: string, parameters: object, output: string): object[] => [
    { type: 'tool_use', tool_name: 'run_shell_command', tool_id: id, parameters },
    { type: 'tool_result', tool_id: id, status: 'success', output },
  ];

  test.each<[string, AgentEvent[], string]>([
    [
      'Claude Code',
      hear(claudeJob, [
        ...claude('1', { command: 'ls' }, 'a'),
        ...claude('2', { command: 'ls' }, 'a'),
        ...claude('3', { command: 'ls' }, [{ type: 'text', text: 'b' }]),
        ...claude('4', { command: 'pwd' }, 'a'),
      ]),
      'Bash',
    ],
    [
      'Codex',
      hear(codexJob, [...codex('ls', 'a'), ...codex('ls', 'a'), ...codex('ls', 'b'), ...codex('pwd', 'a')]),
      'shell',
    ],
    [
      'Gemini CLI',
      hear(geminiJob, [
        ...gemini('1', { command: 'ls' }, 'a'),
        ...gemini('2', { command: 'ls' }, 'a'),
        ...gemini('3', { command: 'ls' }, 'b'),
        ...gemini('4', { command: 'pwd' }, 'a'),
      ]),
      'run_shell_command',
    ],
  ])('of %s is told from another result and another call, and is not kept', (_, events, name) => {
    const [first, second, third, fourth] = used(events);
    expect(used(events)).toEqual(Array.from({ length: 4 }, () => result(name)) as never);
    expect(second).toEqual(first as never);
    expect(third).toMatchObject({ call: (first as { call: string }).call });
    expect(third).not.toEqual(first as never);
    expect(fourth).toMatchObject({ result: (first as { result: string }).result });
    expect(fourth).not.toEqual(first as never);
  });

  test('of a call of Codex’s to a tool server is one as well', () => {
    const item = { type: 'mcp_tool_call', server: 'stint', tool: 'notes', arguments: { do: 'list' }, result: {} };
    expect(used(hear(codexJob, [{ type: 'item.completed', item }]))).toEqual([result('stint.notes')] as never);
  });

  test.each<[string, JobMode, object[], string, string]>([
    ['Claude Code', claudeJob, claude('1', {}, 'a'), '1', 'Bash'],
    ['Gemini CLI', geminiJob, gemini('1', {}, 'a'), '1', 'run_shell_command'],
    ['Codex', codexJob, works({ type: 'command_execution', command: 'make' }), 'item_1', 'shell'],
    ['Codex', codexJob, works({ type: 'mcp_tool_call', server: 's', tool: 't' }), 'item_1', 's.t'],
    ['Codex', codexJob, works({ type: 'collab_tool_call', tool: 'wait' }), 'item_1', 'wait'],
    ['Codex', codexJob, works({ type: 'web_search' }), 'item_1', 'web_search'],
  ])('of %s is what it has waited for since it called it: %#', (...[, mode, lines, id, name]) => {
    const told = (some: readonly object[]) =>
      hear(mode, some).filter(({ kind }) => kind === 'tool-begun' || kind === 'tool-ended');
    const begun = { kind: 'tool-begun', id, name } as const;
    expect(told(lines.slice(0, 1))).toEqual([begun]);
    expect(told(lines)).toEqual([begun, { kind: 'tool-ended', id }]);
  });

  test('without its call is nothing', () => {
    expect(used(hear(claudeJob, claude('1', {}, 'a').slice(1)))).toEqual([]);
    expect(used(hear(geminiJob, gemini('1', {}, 'a').slice(1)))).toEqual([]);
  });
});

const claudeSession = '11111111-2222-4333-8444-555555555555';

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
      { kind: 'tool-begun', id: 'item_0', name: 'shell' },
      { kind: 'tool-ended', id: 'item_0' },
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

test.each([
  ['claude', 'No conversation found with session ID: 11111111-2222-4333-8444-55555555aaaa'],
  ['codex', 'Error: thread/resume: thread/resume failed: no rollout found for thread id 01a1fe96 (code -32600)'],
  ['gemini', 'Error resuming session: Invalid session identifier "11111111-2222-4333-8444-55555555bbbb".'],
] as const)('a turn of %s that fails because its conversation is not there is told apart', (agent, line) => {
  expect(hear(modes[agent], [line], 'stderr')).toEqual([{ kind: 'session-missing' }]);
});

test('Claude Code that has reached a limit of its own arguments has failed at its task', () => {
  const line = JSON.stringify({ type: 'result', subtype: 'error_max_turns', is_error: true, num_turns: 2 });
  expect(claudeJob.listen(() => now)('stdout', line)).toEqual([
    { kind: 'error', failure: 'task', detail: 'Claude Code stopped itself: error_max_turns', until: null },
  ]);
});
