import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Fixture, startFixture } from './request-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

function chat(body: object): Promise<Response> {
  return fetch(`${fixture.simulator.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test-key' },
    body: JSON.stringify({ model: 'gpt-5.1', ...body }),
  });
}

const user = (content: string): object[] => [
  { role: 'system', content: 'x' },
  { role: 'user', content },
];
const tools = [{ type: 'function', function: { name: 'bash' } }];

interface Chunk {
  readonly choices: {
    delta: { content?: string; tool_calls?: { function: { arguments: string } }[] };
    finish_reason: string | null;
  }[];
  readonly usage?: object | null;
}

function chunksOf(text: string): Chunk[] {
  return [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as Chunk);
}

describe('chat completions', () => {
  test('a completion has the wire form', async () => {
    const response = await chat({ messages: user('[[say:one two]]') });
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'one two' }, finish_reason: 'stop' }],
      usage: { completion_tokens: 2 },
    });
  });

  test('a stream joins to the text and ends with DONE', async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    const text = await (await chat({ messages: user('[[say:one two]]'), ...options })).text();
    const chunks = chunksOf(text);
    expect(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? '')).join('')).toBe('one two');
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 2 } });
    expect(text).toEndWith('data: [DONE]\n\n');
  });

  test('steps call the tool, then answer', async () => {
    const first = await chat({ messages: user('[[steps:1]]'), tools });
    const { choices } = (await first.json()) as { choices: { message: { tool_calls: object[] } }[] };
    const message = choices[0]?.message;
    expect(message?.tool_calls).toMatchObject([
      { type: 'function', function: { name: 'bash', arguments: '{"command":"echo step 1"}' } },
    ]);
    const streamed = chunksOf(await (await chat({ messages: user('[[steps:1]]'), tools, stream: true })).text());
    const pieces = streamed.flatMap(({ choices: [choice] }) => choice?.delta.tool_calls ?? []);
    expect(pieces.map((piece) => piece.function.arguments).join('')).toBe('{"command":"echo step 1"}');
    const messages = [...user('[[steps:1]]'), message, { role: 'tool', content: 'step 1' }];
    expect(await (await chat({ messages, tools })).text()).toContain('1 steps done.');
  });

  test.each([
    ['failed_before_content', 0],
    ['error_event_mid', 1],
  ] as const)('%s is an error in a chunk', async (kind, deltas) => {
    fixture.simulator.inject({ kind, code: 'rate_limit_exceeded', resetInSeconds: 2 });
    const text = await (await chat({ messages: user('[[words:3]]'), stream: true })).text();
    expect(text.match(/"content":"word /g) ?? []).toHaveLength(deltas);
    expect(text).toContain('"code":"rate_limit_exceeded"');
    expect(text).not.toContain('[DONE]');
  });

  test.each(['split', 'slow'] as const)('a stream that is %s is the same stream', async (kind) => {
    fixture.simulator.inject({ kind, pieceBytes: 50, delayMs: 5 });
    const text = await (await chat({ messages: user('[[words:3]]'), stream: true })).text();
    expect(text.match(/"content":"word /g) ?? []).toHaveLength(3);
    expect(text).toEndWith('data: [DONE]\n\n');
  });

  test('a request without messages is invalid', async () => {
    const response = await chat({});
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { message: "Missing required parameter: 'messages'.", param: 'messages' } },
    ]);
  });
});
