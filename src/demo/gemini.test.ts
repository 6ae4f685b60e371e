import { expect, test } from 'bun:test';
import type { AgentNews } from './agent.ts';
import { geminiReader } from './gemini.ts';

function read(lines: readonly object[]) {
  const news: AgentNews[] = [];
  const reader = geminiReader((each) => news.push(each));
  for (const line of lines) reader.line(JSON.stringify(line));
  return { news, finished: reader.finished() };
}

test('each tool call is a turn, and so is a message in all of its pieces', () => {
  const { news, finished } = read([
    { type: 'init', model: 'gemini-2.5-pro' },
    { type: 'message', role: 'user', content: 'Go.' },
    { type: 'tool_use', tool_name: 'run_shell_command', parameters: { command: 'echo step 1' } },
    { type: 'tool_result', status: 'success' },
    { type: 'message', role: 'assistant', content: 'All ', delta: true },
    { type: 'message', role: 'assistant', content: 'done.', delta: true },
    { type: 'result', status: 'success' },
  ]);
  expect(news.filter(({ kind }) => kind === 'turn-started')).toEqual([
    { kind: 'turn-started', turn: 1, prompt: '$ echo step 1' },
    { kind: 'turn-started', turn: 2, prompt: 'All done.' },
  ]);
  expect(news).toHaveLength(4);
  expect(finished).toBe(true);
});

test('a warning and a result that is an error are errors that the agent saw', () => {
  const { news, finished } = read([
    { type: 'error', severity: 'warning', message: 'Loop detected' },
    { type: 'result', status: 'error', error: { message: 'quota' } },
  ]);
  expect(news).toEqual([
    { kind: 'agent-error', message: 'Loop detected' },
    { kind: 'agent-error', message: 'quota' },
  ]);
  expect(finished).toBe(false);
});

test('a stream without a result has not finished', () => expect(read([]).finished).toBe(false));
