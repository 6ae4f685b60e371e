import { expect, test } from 'bun:test';
import type { AgentNews } from './agent.ts';
import { codexReader } from './codex.ts';

function read(lines: readonly object[]) {
  const news: AgentNews[] = [];
  const reader = codexReader((each) => news.push(each));
  for (const line of lines) reader.line(JSON.stringify(line));
  return { news, finished: reader.finished() };
}

const command = { type: 'command_execution', command: "/bin/bash -lc 'echo step 1'" };

test('each command and each message is a turn, and its own line says that it is done', () => {
  const { news, finished } = read([
    { type: 'thread.started', thread_id: '0' },
    { type: 'item.started', item: { ...command, status: 'in_progress' } },
    { type: 'item.completed', item: { ...command, status: 'completed' } },
    { type: 'item.completed', item: { type: 'reasoning', text: 'Hm.' } },
    { type: 'item.completed', item: { type: 'agent_message', text: 'Done.' } },
    { type: 'turn.completed' },
  ]);
  expect(news.filter(({ kind }) => kind === 'turn-started')).toEqual([
    { kind: 'turn-started', turn: 1, prompt: '$ echo step 1' },
    { kind: 'turn-started', turn: 2, prompt: 'Done.' },
  ]);
  expect(news).toHaveLength(4);
  expect(finished).toBe(true);
});

test('an error that Codex retries by itself is one that the agent saw', () => {
  const { news, finished } = read([
    { type: 'error', message: 'Reconnecting... 1/5' },
    { type: 'turn.failed', error: { message: 'exceeded retry limit' } },
  ]);
  expect(news).toEqual([
    { kind: 'agent-error', message: 'Reconnecting... 1/5' },
    { kind: 'agent-error', message: 'exceeded retry limit' },
  ]);
  expect(finished).toBe(false);
});
