import { expect, test } from 'bun:test';
import type { AgentNews } from './agent.ts';
import { streamReader } from './claude.ts';

const assistant = (id: string, block: object) => ({ type: 'assistant', message: { id, content: [block] } });

function read(lines: readonly object[]) {
  const news: AgentNews[] = [];
  const reader = streamReader((each) => news.push(each));
  for (const line of lines) reader.line(JSON.stringify(line));
  return { news, finished: reader.finished() };
}

test('each answer of the model is a turn, and the last line says how it ended', () => {
  const { news, finished } = read([
    { type: 'system', subtype: 'init' },
    assistant('msg_1', { type: 'tool_use', name: 'Bash', input: { command: 'echo step 1' } }),
    assistant('msg_1', { type: 'text', text: 'the same answer' }),
    { type: 'user', message: { content: [{ type: 'tool_result' }] } },
    assistant('msg_2', { type: 'text', text: 'Done.' }),
    { type: 'result', is_error: false, result: 'Done.' },
  ]);
  expect(news.filter(({ kind }) => kind === 'turn-started')).toEqual([
    { kind: 'turn-started', turn: 1, prompt: '$ echo step 1' },
    { kind: 'turn-started', turn: 2, prompt: 'Done.' },
  ]);
  expect(finished).toBe(true);
});

test('a result that is an error is one that the agent saw', () => {
  const { news, finished } = read([{ type: 'result', is_error: true, result: 'API Error: 429' }]);
  expect(news).toEqual([{ kind: 'agent-error', message: 'API Error: 429' }]);
  expect(finished).toBe(false);
});

test('an error that Claude Code retries by itself is one that the agent saw', () => {
  const { news, finished } = read([
    { type: 'system', subtype: 'api_retry', attempt: 1, error_status: 529 },
    { type: 'result', is_error: false },
  ]);
  expect(news).toEqual([{ kind: 'agent-error', message: 'status 529, retried' }]);
  expect(finished).toBe(true);
});

test('a stream without a result has not finished', () => expect(read([]).finished).toBe(false));
