import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { ask, eventNames, type Fixture, startFixture } from './request-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

const bash = [{ name: 'Read' }, { name: 'Bash' }];

function toolTurn(step: number): object[] {
  return [
    { role: 'assistant', content: [{ type: 'tool_use', id: `toolu_${step}`, name: 'Bash', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_${step}`, content: 'done' }] },
  ];
}

async function answerTo(body: object): Promise<{ content: object[]; stop_reason: string }> {
  return (await (await ask(fixture.simulator, { body })).json()) as { content: object[]; stop_reason: string };
}

describe('whole answers', () => {
  test('a message has the wire form', async () => {
    const response = await ask(fixture.simulator, { prompt: '[[say:one two]]' });
    const requestId = response.headers.get('request-id') ?? '';
    expect(await response.json()).toEqual({
      id: requestId.replace('req_', 'msg_'),
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [{ type: 'text', text: 'one two' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: expect.any(Number),
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 2,
      },
    });
  });

  test('the answer names the credential and remembers the prompts', async () => {
    const { content } = await answerTo({
      messages: [
        { role: 'user', content: 'first' },
        { role: 'assistant', content: 'yes' },
        {
          role: 'user',
          content: [
            { type: 'text', text: '<system-reminder>x' },
            { type: 'text', text: 'second' },
          ],
        },
      ],
    });
    const text = 'Hello from anthropic as subscription. I remember 2 prompts: "second".';
    expect(content).toEqual([{ type: 'text', text }]);
  });

  test('steps call the tool once for each result that is missing, then answer', async () => {
    const prompt = { role: 'user', content: '[[steps:2]] go' };
    const earlier = [{ role: 'user', content: '[[steps:1]]' }, ...toolTurn(0), { role: 'assistant', content: 'ok' }];
    const ask = (...turns: object[]) => answerTo({ tools: bash, messages: [...earlier, prompt, ...turns] });
    expect(await ask()).toMatchObject({
      content: [{ type: 'tool_use', name: 'Bash', input: { command: 'echo step 1' } }],
      stop_reason: 'tool_use',
    });
    expect(await ask(...toolTurn(1))).toMatchObject({ content: [{ input: { command: 'echo step 2' } }] });
    expect(await ask(...toolTurn(1), ...toolTurn(2))).toMatchObject({
      content: [{ type: 'text', text: expect.stringContaining('2 steps done.') }],
      stop_reason: 'end_turn',
    });
  });

  test('named tools are called one after the other with their input, then it answers', async () => {
    const script = '[[tool:mcp__a__b {"x":{"y":1}}]] and [[tool:Read {}]]';
    const ask = (...turns: object[]) => answerTo({ messages: [{ role: 'user', content: script }, ...turns] });
    expect(await ask()).toMatchObject({
      content: [{ type: 'tool_use', name: 'mcp__a__b', input: { x: { y: 1 } } }],
      stop_reason: 'tool_use',
    });
    expect(await ask(...toolTurn(1))).toMatchObject({ content: [{ name: 'Read', input: {} }] });
    expect(await ask(...toolTurn(1), ...toolTurn(2))).toMatchObject({ stop_reason: 'end_turn' });
  });

  test('a request for a title gets JSON', async () => {
    const format = { type: 'json_schema', schema: { type: 'object', properties: { title: { type: 'string' } } } };
    const { content } = await answerTo({ output_config: { format } });
    expect(content).toEqual([{ type: 'text', text: '{"title":"Simulated session"}' }]);
  });
});

describe('streamed answers', () => {
  test('the events of a text are in order and join to the text', async () => {
    const response = await ask(fixture.simulator, { stream: true, prompt: '[[say:one two]]' });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const id = response.headers.get('request-id')?.replace('req_', 'msg_');
    const text = await response.text();
    expect(text.slice(text.indexOf('event: content_block_start'))).toBe(
      [
        'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
        'event: ping\ndata: {"type": "ping"}',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"one "}}',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"two"}}',
        'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}',
        'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}',
        'event: message_stop\ndata: {"type":"message_stop"}',
        '',
      ].join('\n\n'),
    );
    expect(text).toStartWith(
      `event: message_start\ndata: {"type":"message_start","message":{"id":"${id}","type":"message","role":"assistant"`,
    );
  });

  test('a tool call streams its input in pieces of JSON', async () => {
    const response = await ask(fixture.simulator, { stream: true, prompt: '[[steps:1]]', body: { tools: bash } });
    const text = await response.text();
    const pieces = [...text.matchAll(/"partial_json":("(?:[^"\\]|\\.)*")/g)].map(([, piece]) =>
      JSON.parse(piece ?? ''),
    );
    expect(JSON.parse(pieces.join(''))).toEqual({ command: 'echo step 1' });
    expect(text).toContain('"stop_reason":"tool_use"');
  });

  test('the call of a named tool streams its input', async () => {
    const response = await ask(fixture.simulator, { stream: true, prompt: '[[tool:Read {"path":"a"}]]' });
    expect(await response.text()).toContain('"partial_json":"{\\"path\\":\\"a\\"}"');
  });

  test('paced deltas are the same stream', async () => {
    const scenario = { credentials: [{ secret: 'sk-ant-oat01-test-subscription', name: 'subscription' }] };
    const paced = startFixture({ scenario: { ...scenario, tokensPerSecond: 1000 } });
    try {
      const text = await (await ask(paced.simulator, { stream: true, prompt: '[[words:3]]' })).text();
      const delta = 'content_block_delta';
      expect(eventNames(text)).toEqual([
        'message_start',
        'content_block_start',
        'ping',
        delta,
        delta,
        delta,
        'content_block_stop',
        'message_delta',
        'message_stop',
      ]);
    } finally {
      paced.simulator.stop();
    }
  });

  test('words are counted', async () => {
    const text = await (await ask(fixture.simulator, { stream: true, prompt: '[[words:250]]' })).text();
    expect(text.match(/"text":"word "/g)).toHaveLength(250);
    expect(text).toContain('"output_tokens":250');
  });
});
