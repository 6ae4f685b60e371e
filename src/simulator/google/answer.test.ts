import { describe, expect, test } from 'bun:test';
import { answerTo } from './answer.ts';
import type { ContentRequest } from './content-request.ts';

const tools = [{ functionDeclarations: [{ name: 'read_file' }, { name: 'run_shell_command' }] }];
const user = (...texts: string[]): ContentRequest['contents'][number] => ({
  role: 'user',
  parts: texts.map((text) => ({ text })),
});
const model = { role: 'model', parts: [{ text: 'thinking' }] };
const result = (id?: string): ContentRequest['contents'][number] => ({
  role: 'user',
  parts: [{ functionResponse: { name: 'run_shell_command', ...(id === undefined ? {} : { id }) } }],
});

describe('script of a prompt', () => {
  test.each<[string, ContentRequest, object]>([
    ['says a text', { contents: [user('[[say:all good]]')] }, { kind: 'text', deltas: ['all ', 'good'] }],
    ['counts words', { contents: [user('[[words:3]]')] }, { kind: 'words', count: 3 }],
    [
      'calls the shell',
      { contents: [user('[[steps:2]]')], tools },
      { kind: 'tool', tool: 'run_shell_command', step: 1 },
    ],
    [
      'goes on after a result',
      { contents: [user('[[steps:2]]'), model, result('a')], tools },
      { kind: 'tool', step: 2 },
    ],
    [
      'counts a result once that a resumed session sends twice',
      { contents: [user('[[steps:2]]'), model, result('a'), result('a')], tools },
      { kind: 'tool', step: 2 },
    ],
    [
      'counts results without ids',
      { contents: [user('[[steps:2]]'), model, result(), model, result()], tools },
      { kind: 'text' },
    ],
    [
      'goes on after a prompt to continue',
      { contents: [user('[[steps:2]]'), model, result('a'), model, user('Continue where you left off.')], tools },
      { kind: 'tool', step: 2 },
    ],
    ['needs a tool for steps', { contents: [user('[[steps:2]]')] }, { kind: 'text' }],
    [
      'is that of the last prompt',
      { contents: [user('[[say:old]]'), model, user('[[say:new]]')] },
      { kind: 'text', text: 'new' },
    ],
  ])('%s', (_, request, answer) => {
    expect(answerTo(request, 'a')).toMatchObject(answer);
  });

  test('the greeting tells what is remembered, without the context that Gemini CLI sends first', () => {
    const contents = [user('<session_context>\nToday is Friday'), user('first'), model, user('second')];
    expect(answerTo({ contents }, 'work')).toMatchObject({
      text: 'Hello from google as work. I remember 2 prompts: "second".',
    });
  });

  test('a request for JSON of a schema gets it', () => {
    const responseJsonSchema = { type: 'object', properties: { title: { type: 'string' } } };
    const request = { contents: [user('[[say:no]]')], generationConfig: { responseJsonSchema } };
    expect(answerTo(request, 'a')).toMatchObject({ text: '{"title":"Simulated"}' });
  });
});
