// What the genuine CLIs printed (Claude Code 2.1.197, Codex 0.169.0, Gemini CLI 0.61.0), shortened, and what it says of spending.
import { describe, expect, test } from 'bun:test';
import { noTokens } from '../core/spend/tokens.ts';
import type { Usage } from '../core/spend/usage.ts';
import { claudeJob } from './claude/job.ts';
import { codexJob } from './codex/job.ts';
import { declaredAgent } from './declared.ts';
import { geminiJob } from './gemini/job.ts';
import type { JobMode } from './job-mode.ts';

/** What is known after each line; null where the line says nothing of it. */
function usages(mode: JobMode, lines: readonly (object | string)[]): (Usage | null)[] {
  const listen = mode.listen(() => 0);
  return lines.map((line) => {
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    const told = listen('stdout', text).flatMap((each) => (each.kind === 'usage' ? [each.usage] : []));
    return told.at(-1) ?? null;
  });
}

type Figures = { input?: number; output?: number; read?: number; written?: number };
const answer = (id: string, { input = 0, output = 1, read = 0, written = 0 }: Figures, more: object = {}): object => ({
  type: 'assistant',
  message: {
    ...{ id, type: 'message', role: 'assistant', model: 'claude-sonnet-5', stop_reason: null },
    content: [{ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'echo step 1' } }],
    usage: {
      ...{ input_tokens: input, output_tokens: output },
      ...{ cache_creation_input_tokens: written, cache_read_input_tokens: read },
    },
  },
  ...{ parent_tool_use_id: null, session_id: 'e6afe44c-d037-4661-8cfd-5422a2a3806f' },
  ...more,
});
const toolResult = (more: object = {}): object => ({
  type: 'user',
  message: { role: 'user', content: [{ tool_use_id: 'toolu_1', type: 'tool_result', content: 'step 1' }] },
  parent_tool_use_id: null,
  ...more,
});
const result = {
  ...{ type: 'result', subtype: 'success', is_error: false, num_turns: 3, result: 'Hello.', total_cost_usd: 0.260733 },
  usage: { input_tokens: 86811, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 20 },
  modelUsage: {
    'claude-sonnet-5': {
      ...{ inputTokens: 86811, outputTokens: 20, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
      ...{ webSearchRequests: 0, costUSD: 0.260733, contextWindow: 200000, maxOutputTokens: 64000 },
    },
  },
};
const sonnet = (more: object): object => ({ ...noTokens, model: 'claude-sonnet-5', ...more });

describe('Claude Code', () => {
  test('tells of each answer once, whose turn is over when its tools have answered, and of all in the end', () => {
    const lines = [
      answer('msg_2', { input: 28869 }),
      toolResult(),
      answer('msg_3', { input: 28937 }),
      toolResult(),
      answer('msg_4', { input: 29005 }),
      result,
    ];
    const told = usages(claudeJob, lines);
    expect(told.map((each) => each?.turns)).toEqual([0, 1, 1, 2, 2, 3]);
    expect(told.map((each) => each?.models?.[0]?.inputTokens)).toEqual([28869, 28869, 57806, 57806, 86811, 86811]);
    expect(told.map((each) => each?.costUsd)).toEqual([null, null, null, null, null, 0.260733]);
    expect(told.at(-1)).toEqual({
      ...{ turns: 3, costUsd: 0.260733, ofConversation: false },
      models: [sonnet({ inputTokens: 86811, outputTokens: 20 })],
    } as Usage);
  });

  test('repeats the figures of an answer with each of its blocks, of which the largest count', () => {
    const lines = [
      answer('msg_2', { input: 10, output: 1, read: 500, written: 90 }),
      answer('msg_2', { input: 10, output: 1, read: 500, written: 90 }),
      answer('msg_2', { input: 10, output: 33, read: 500, written: 90 }),
      toolResult(),
      toolResult(),
    ];
    const told = usages(claudeJob, lines);
    expect(told.at(3)).toMatchObject({
      turns: 1,
      models: [sonnet({ inputTokens: 600, cacheReadTokens: 500, cacheWriteTokens: 90, outputTokens: 33 })],
    });
    expect(told.at(4)).toBeNull();
  });

  test('tells what was written to the cache for an hour', () => {
    const usage = {
      ...{ input_tokens: 3, output_tokens: 1, cache_creation_input_tokens: 90, cache_read_input_tokens: 0 },
      cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 70 },
    };
    const line = answer('msg_2', {}, { message: { id: 'msg_2', model: 'claude-sonnet-5', content: [], usage } });
    expect(usages(claudeJob, [line])).toMatchObject([{ models: [{ cacheWriteTokens: 90, longCacheWriteTokens: 70 }] }]);
  });

  test('counts the tokens of subagents, but not their turns', () => {
    const sub = { parent_tool_use_id: 'toolu_1' };
    const lines = [
      answer('msg_2', { input: 100 }),
      answer('msg_sub', { input: 40 }, sub),
      toolResult(sub),
      toolResult(),
    ];
    const told = usages(claudeJob, lines).filter((each) => each !== null);
    expect(told.at(-1)).toMatchObject({ turns: 1, models: [{ inputTokens: 140 }] });
  });

  test('is heard anew with the same figures', () => {
    const lines = [answer('msg_2', { input: 5 }), toolResult(), result];
    expect(usages(claudeJob, lines)).toEqual(usages(claudeJob, lines));
  });

  test('adds what comes after a result, whose own cost does not count then', () => {
    const told = usages(claudeJob, [answer('msg_2', { input: 5 }), result, answer('msg_9', { input: 9 })]);
    expect(told.at(-1)).toMatchObject({ turns: 1, costUsd: null });
    const total = told.at(-1)?.models?.reduce((sum, each) => sum + each.inputTokens, 0);
    expect(total).toBe(86811 + 9);
  });

  test('says nothing of spending with an error that no model wrote', () => {
    const message = { id: 'x', model: '<synthetic>', content: [{ type: 'text', text: 'API Error' }], usage: {} };
    const lines = [
      { type: 'assistant', message, error: 'rate_limit', parent_tool_use_id: null },
      { type: 'result', subtype: 'success', is_error: true, result: 'API Error' },
    ];
    expect(usages(claudeJob, lines)).toEqual([null, null]);
  });
});

describe('Codex', () => {
  const call = (id: string): object[] => [
    {
      type: 'item.started',
      item: { id, type: 'command_execution', command: "/bin/bash -lc 'echo step 1'", status: 'in_progress' },
    },
    { type: 'item.completed', item: { id, type: 'command_execution', exit_code: 0, status: 'completed' } },
  ];
  const completed = (usage: object): object => ({ type: 'turn.completed', usage });

  test('tells its calls one by one, and the tokens of the whole thread at the end of its turn', () => {
    const lines = [
      { type: 'thread.started', thread_id: '01a1ff2c-7050-7752-b711-4e353166593a' },
      ...call('item_0'),
      { type: 'item.completed', item: { id: 'item_1', type: 'reasoning', text: 'hm' } },
      ...call('item_2'),
      { type: 'item.completed', item: { id: 'item_3', type: 'agent_message', text: 'Hello.' } },
      completed({
        ...{ input_tokens: 18075, cached_input_tokens: 17000, cache_write_input_tokens: 0 },
        ...{ output_tokens: 20, reasoning_output_tokens: 4 },
      }),
    ];
    const told = usages(codexJob, lines).filter((each) => each !== null);
    expect(told.map(({ turns, models }) => [turns, models === null])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
    expect(told.at(-1)).toEqual({
      ...{ turns: 3, costUsd: null, ofConversation: true },
      models: [{ ...noTokens, model: null, inputTokens: 18075, cacheReadTokens: 17000, outputTokens: 20 }],
    });
  });
});

describe('Gemini CLI', () => {
  test('tells its calls one by one, and the tokens of each model in the end', () => {
    const lines = [
      { type: 'tool_use', tool_name: 'run_shell_command', tool_id: 'a', parameters: { command: 'echo step 1' } },
      { type: 'tool_result', tool_id: 'a', status: 'success', output: 'step 1' },
      { type: 'message', role: 'assistant', content: 'Hello.', delta: true },
      {
        ...{ type: 'result', status: 'success' },
        stats: {
          ...{ total_tokens: 35600, input_tokens: 35508, output_tokens: 16, cached: 12000, input: 23508 },
          ...{ duration_ms: 241, tool_calls: 2 },
          models: {
            'gemini-2.5-pro': {
              ...{ total_tokens: 35600, input_tokens: 35508, output_tokens: 16, cached: 12000, input: 23508 },
            },
          },
        },
      },
    ];
    expect(usages(geminiJob, lines)).toEqual([
      null,
      { turns: 1, models: null, costUsd: null, ofConversation: false },
      null,
      {
        ...{ turns: 2, costUsd: null, ofConversation: false },
        // What it thought is in the total alone.
        models: [
          { ...noTokens, model: 'gemini-2.5-pro', inputTokens: 35508, cacheReadTokens: 12000, outputTokens: 92 },
        ],
      },
    ]);
  });
});

test('an agent of the config tells its ends, and never what it has spent', () => {
  const own = declaredAgent('own', null, {
    ...{ command: ['own'], model: [], resume: [], session: '', result: 'DONE (.*)', sessionMissing: '' },
    ...{ limits: [], models: [], environment: {} },
  });
  expect(usages(own.job, ['working', 'DONE all'])).toEqual([
    null,
    { turns: 1, models: [], costUsd: null, ofConversation: false },
  ]);
});
