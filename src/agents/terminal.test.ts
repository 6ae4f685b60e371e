// What agents on terminals tell, from their hooks and transcripts as they were seen.
import { describe, expect, test } from 'bun:test';
import type { AgentEvent, JobListener, TerminalMode, TerminalStart } from './job-mode.ts';
import { agents } from './registry.ts';

const terminalOf = (id: string): TerminalMode => {
  const mode = agents.get(id)?.job.terminal;
  if (mode === undefined) throw new Error(`${id} has no terminal`);
  return mode;
};
const listen = (id: string): JobListener => terminalOf(id).listen(() => 0);
const session = '11111111-2222-4333-8444-555555555555';
const hook = (name: string, more: object = {}): string =>
  JSON.stringify({ session_id: session, transcript_path: '/t.jsonl', cwd: '/w', hook_event_name: name, ...more });
const start: TerminalStart = {
  ...{ kind: 'first', session, model: 'opus', args: ['--mine'], reads: ['/folder'] },
  ...{ says: 'Read the file /p and do what it says.', hook: "/it's here/hook" },
};

describe('hooks', () => {
  const bash = { tool_name: 'Bash', tool_input: { command: 'rm x' } };
  test.each([
    ['SessionStart', {}, ['session']],
    ['PostToolUse', bash, ['going']],
    ['PermissionRequest', bash, ['asks']],
    ['SomethingNew', {}, []],
  ])('%s means the same of Claude Code and of Codex', (name, more, kinds) => {
    for (const id of ['claude', 'codex'])
      expect(listen(id)('stdout', hook(name, more)).map(({ kind }) => kind)).toEqual(kinds as never);
  });

  test('a prompt is gone on with, and what Claude Code has left in the background is not what it waits for', () => {
    const going = { kind: 'going' } as const;
    expect(listen('codex')('stdout', hook('UserPromptSubmit'))).toEqual([going]);
    const hear = listen('claude');
    const lines = [hook('Stop', { background_tasks: [{}] }), hook('UserPromptSubmit')];
    expect(lines.flatMap((line) => hear('stdout', line)).slice(-2)).toEqual([
      { kind: 'tool-ended', id: 'background' },
      going,
    ]);
  });

  test('a permission is asked for with the tool and what it is to do', () => {
    expect(listen('claude')('stdout', hook('PermissionRequest', bash))).toEqual([
      { kind: 'asks', question: 'May it use Bash? {"command":"rm x"}', yes: '1' },
    ]);
  });

  describe.each(['claude', 'codex'])('a permission of %s', (id) => {
    const read = (path: string) => ({ tool_name: 'Read', tool_input: { file_path: path } });
    const words = (told: readonly AgentEvent[]) =>
      told.map((event) => (event.kind === 'asks' ? event.question : event.kind));
    const open = () => {
      const hear = listen(id);
      return (name: string, more: object = {}) => words(hear('stdout', hook(name, more)));
    };
    const [mayA, mayB] = ['/a', '/b'].map((path) => `May it use Read? {"file_path":"${path}"}`);

    test('stays open until its own call has ended, whatever else does', () => {
      const told = open();
      expect(told('PermissionRequest', read('/a'))).toEqual([mayA] as never);
      expect([...told('PostToolUse', bash), ...told('PostToolUse', read('/b'))]).toEqual([]);
      expect(told('PostToolUse', read('/a'))).toEqual(['going']);
      expect(told('PostToolUse', bash)).toEqual(['going']);
    });

    test('is followed by the next one that was asked for meanwhile', () => {
      const told = open();
      expect(told('PermissionRequest', read('/a'))).toEqual([mayA] as never);
      expect(told('PermissionRequest', read('/b'))).toEqual([]);
      expect(told('PostToolUse', read('/a'))).toEqual([mayB] as never);
      expect(told('PostToolUse', read('/b'))).toEqual(['going']);
    });

    test('is known again though more is said of it in one place than in the other', () => {
      const told = open();
      const [command, description] = ['rm x', 'It is old.'];
      told('PermissionRequest', { tool_name: 'Bash', tool_input: { command, description } });
      expect(told('PostToolUse', { tool_name: 'Bash', tool_input: { command, answers: {} } })).toEqual(['going']);
    });

    test('is nothing any more where another prompt comes', () => {
      const told = open();
      told('PermissionRequest', read('/a'));
      expect(told('UserPromptSubmit')).toContain('going');
      expect(told('PostToolUse', read('/b'))).toEqual(['going']);
    });
  });

  test('what Claude Code asks its user is a question with its choices, each with the number that answers it', () => {
    const options = [{ label: 'Red', description: 'a warm one' }, { label: 'Blue' }];
    const tool_input = { questions: [{ question: 'Which colour?', header: 'Colour', multiSelect: false, options }] };
    const told = (input: object) =>
      listen('claude')('stdout', hook('PermissionRequest', { tool_name: 'AskUserQuestion', tool_input: input }));
    expect(told(tool_input)).toMatchObject([{ kind: 'asks', question: 'Which colour? (1. Red, 2. Blue)' }]);
    expect(told({ questions: [] })).toMatchObject([{ question: 'May it use AskUserQuestion? {"questions":[]}' }]);
  });

  test('the end of a turn of Claude Code has its last word, unless something goes on in the background', () => {
    const said = { last_assistant_message: 'all done', background_tasks: [] };
    expect(listen('claude')('stdout', hook('Stop', said))).toEqual([
      { kind: 'result', text: 'all done' },
      { kind: 'turn-ended' },
    ]);
    expect(listen('claude')('stdout', hook('Stop', { ...said, background_tasks: [{}] }))).toEqual([
      { kind: 'tool-begun', id: 'background', name: 'background task' },
      { kind: 'rests', text: 'all done' },
    ]);
  });

  test('a tool that failed was allowed to, as one that did not fail', () => {
    expect(listen('claude')('stdout', hook('PostToolUseFailure', bash))).toEqual([{ kind: 'going' }]);
    const args = terminalOf('claude').args(start);
    expect(args[args.indexOf('--settings') + 1]).toContain('"PostToolUseFailure"');
  });

  test('that Claude Code has been idle is no question, another dialog is', () => {
    const told = (more: object) => listen('claude')('stdout', hook('Notification', more));
    expect(told({ notification_type: 'idle_prompt', message: 'Claude is waiting for your input' })).toEqual([]);
    expect(told({ notification_type: 'auth_success', message: 'Logged in' })).toEqual([]);
    expect(told({ notification_type: 'elicitation_dialog', message: 'Which one?' })).toEqual([
      { kind: 'asks', question: 'Which one?' },
    ]);
  });

  test('what is no event of a hook is nothing', () => {
    for (const line of ['', 'text', '{"hook_event_name":7}', '{'])
      for (const id of ['claude', 'codex']) expect(listen(id)('stdout', line)).toEqual([]);
  });
});

describe('a transcript', () => {
  const error = (more: object = {}): string =>
    JSON.stringify({
      ...{ type: 'assistant', isSidechain: false, error: 'rate_limit' },
      message: {
        model: '<synthetic>',
        content: [{ type: 'text', text: "You've hit your session limit · resets 3pm" }],
      },
      ...more,
    });

  test('of Claude Code ends a turn with a limit, and not with that of a subagent', () => {
    const kinds = (line: string) => listen('claude')('transcript', line).map(({ kind }) => kind);
    expect(kinds(error())).toEqual(['limited', 'error', 'turn-ended']);
    expect(kinds(error({ isSidechain: true }))).not.toContain('turn-ended');
  });

  const interruption = (text: string, more: object = {}): string =>
    JSON.stringify({
      ...{ type: 'user', isSidechain: false, message: { role: 'user', content: [{ type: 'text', text }] } },
      ...more,
    });

  test.each(['[Request interrupted by user]', '[Request interrupted by user for tool use]'])(
    'of Claude Code asks its user where they have stopped it: %s',
    (text) => {
      const asks = { kind: 'asks', question: 'It was interrupted, and waits for you.' };
      expect(listen('claude')('transcript', interruption(text))).toEqual([asks] as never);
      for (const other of [{ isSidechain: true }, { promptSource: 'typed', origin: { kind: 'human' } }])
        expect(listen('claude')('transcript', interruption(text, other))).not.toContainEqual(asks);
      expect(listen('claude')('transcript', interruption(`It says ${text}`))).not.toContainEqual(asks);
    },
  );

  test('of Codex tells what it said and did, and its last word', () => {
    const hear = listen('codex');
    const spent = { input_tokens: 14_065, cached_input_tokens: 5, cache_write_input_tokens: 0, output_tokens: 3 };
    const lines = [
      { type: 'item_completed', item: { type: 'CommandExecution', command: ['/bin/bash', '-lc', 'npm test'] } },
      { type: 'item_completed', item: { type: 'AgentMessage', content: [{ type: 'Text', text: 'all done' }] } },
      { type: 'token_count', info: null },
      { type: 'token_count', info: { total_token_usage: spent } },
      { type: 'task_complete', last_agent_message: 'all done' },
    ].map((payload) => JSON.stringify({ type: 'event_msg', payload }));
    expect(lines.flatMap((line) => hear('transcript', line))).toEqual([
      { kind: 'tool', name: 'shell', summary: 'npm test' },
      { kind: 'tool-result', name: 'shell', call: expect.any(String), result: expect.any(String) },
      { kind: 'text', text: 'all done' },
      {
        kind: 'usage',
        usage: {
          ...{ turns: 1, costUsd: null, ofConversation: true },
          models: [
            {
              ...{ model: null, inputTokens: 14_065, cacheReadTokens: 5, cacheWriteTokens: 0 },
              ...{ longCacheWriteTokens: 0, outputTokens: 3 },
            },
          ],
        },
      },
      { kind: 'turn-completed' },
      { kind: 'result', text: 'all done' },
      { kind: 'turn-ended' },
    ]);
  });

  test.each(['function_call', 'custom_tool_call'])('of Codex tells which of its tools are at work: %s', (type) => {
    const hear = listen('codex');
    const told = (payload: object) => hear('transcript', JSON.stringify({ type: 'response_item', payload }));
    expect(told({ type, call_id: 'call_7', name: 'exec', input: '{}' })).toEqual([
      { kind: 'tool-begun', id: 'call_7', name: 'exec' },
    ]);
    expect(told({ type: `${type}_output`, call_id: 'call_7', output: 'x' })).toEqual([
      { kind: 'tool-ended', id: 'call_7' },
    ]);
    expect(told({ type: 'message', role: 'assistant', content: [] })).toEqual([]);
  });

  test('of Claude Code tells which of its tools are at work', () => {
    const hear = listen('claude');
    const told = (entry: object) => hear('transcript', JSON.stringify({ isSidechain: false, ...entry }));
    const call = { type: 'tool_use', id: 'toolu_7', name: 'Bash', input: { command: 'make' } };
    const begun = told({ type: 'assistant', message: { model: 'm', content: [call] } });
    expect(begun).toContainEqual({ kind: 'tool-begun', id: 'toolu_7', name: 'Bash' });
    const content = [{ type: 'tool_result', tool_use_id: 'toolu_7', content: 'made' }];
    expect(told({ type: 'user', message: { content } })).toContainEqual({ kind: 'tool-ended', id: 'toolu_7' });
  });

  test.each([
    [
      { type: 'CommandExecution', command: ['bash', '-lc', 'npm test'], exit_code: 1, aggregated_output: 'no\n' },
      { aggregated_output: 'yes\n' },
    ],
    [
      { type: 'McpToolCall', server: 'board', tool: 'read', arguments: { id: 1 }, result: { content: ['a'] } },
      { result: { content: ['b'] } },
    ],
  ])('of Codex tells a result of a tool apart from another one of the same call: %j', (item, other) => {
    const hear = listen('codex');
    const resultOf = (completed: object) =>
      hear(
        'transcript',
        JSON.stringify({ type: 'event_msg', payload: { type: 'item_completed', item: completed } }),
      ).find(({ kind }) => kind === 'tool-result');
    const first = resultOf(item);
    const second = resultOf({ ...item, ...other });
    expect(first).toEqual(resultOf(item) as never);
    expect(second).toMatchObject({ call: (first as { call: string }).call });
    expect(second).not.toEqual(first as never);
  });

  test('of Codex ends a turn with an error', () => {
    const error = { message: 'You’ve hit your usage limit.', codex_error_info: 'usage_limit_exceeded' };
    const line = JSON.stringify({ type: 'event_msg', payload: { type: 'task_complete', error } });
    const told = listen('codex')('transcript', line);
    expect(told.map(({ kind }) => kind)).toEqual(['limited', 'error', 'turn-ended']);
  });
});

describe('a command line', () => {
  test('has the prompt’s place in it, never the prompt, and the user’s own arguments', () => {
    for (const id of ['claude', 'codex', 'gemini']) {
      const args = terminalOf(id).args(start);
      expect(args).toContain('--mine');
      expect(args.at(-1)).toBe('Read the file /p and do what it says.');
    }
  });

  test('of Codex trusts our hook and no other', () => {
    const args = terminalOf('codex').args({ ...start, hook: '/tmp/term/hook' });
    expect(args.join(' ')).not.toContain('bypass');
    const trust = args.find((each) => each.startsWith('hooks.state=')) ?? '';
    expect(trust.match(/trusted_hash="sha256:[0-9a-f]{64}"/g)).toHaveLength(4);
  });

  test('of Claude Code has settings that are JSON, whatever the hook is called', () => {
    const args = terminalOf('claude').args(start);
    const settings = JSON.parse(args[args.indexOf('--settings') + 1] ?? '') as { hooks: Record<string, unknown> };
    expect(JSON.stringify(settings.hooks['Stop'])).toContain(`'/it'\\\\''s here/hook'`);
  });
});
