import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  ask,
  eventsOf,
  type Fixture,
  responseOf,
  type SimulatedResponse,
  startFixture,
  textOf,
} from './request-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

const codexTools = {
  type: 'additional_tools',
  role: 'developer',
  tools: [{ type: 'namespace', name: 'functions', tools: [{ type: 'custom', name: 'exec' }] }],
};
const user = (text: string): object => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });

type Output = SimulatedResponse['output'];

async function outputOf(body: object): Promise<Output> {
  return ((await (await ask(fixture.simulator, { body })).json()) as { output: Output }).output;
}

describe('whole responses', () => {
  test('a response has the wire form', async () => {
    const response = await ask(fixture.simulator, { prompt: '[[say:one two]]' });
    expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{24}$/);
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^resp_/),
      object: 'response',
      status: 'completed',
      model: 'gpt-6.1-sol',
      error: null,
      output: [
        { type: 'reasoning', summary: [] },
        {
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'one two' }],
        },
      ],
      usage: { output_tokens: 2 },
    });
  });

  test('what Codex adds in tags is no prompt', async () => {
    const input = [user('first'), user('<environment_context>x</environment_context>'), user('second')];
    const output = await outputOf({ input });
    expect(JSON.stringify(output)).toContain(String.raw`as key. I remember 2 prompts: \"second\".`);
  });

  test('a step of Codex is JavaScript for its exec tool', async () => {
    const output = await outputOf({ input: [codexTools, user('[[steps:2]]')] });
    expect(output[1]).toMatchObject({
      type: 'custom_tool_call',
      name: 'exec',
      namespace: 'functions',
      input: 'const result = await tools.exec_command({"cmd":"echo step 1"});\ntext(result.output);\n',
    });
    const result = { type: 'custom_tool_call_output', call_id: output[1]?.['call_id'], output: 'step 1' };
    const next = await outputOf({ input: [codexTools, user('[[steps:2]]'), ...output, result] });
    expect(next[1]).toMatchObject({ type: 'custom_tool_call', input: expect.stringContaining('echo step 2') });
    const done = await outputOf({ input: [codexTools, user('[[steps:2]]'), ...output, result, ...next, result] });
    expect(JSON.stringify(done)).toContain('2 steps done.');
  });

  test.each([
    ['shell', '{"command":["bash","-lc","echo step 1"]}'],
    ['exec_command', '{"cmd":"echo step 1"}'],
    ['run_bash', '{"command":"echo step 1"}'],
  ])('a step of a function named %s has its arguments', async (name, args) => {
    const tools = [
      { type: 'function', name: 'read' },
      { type: 'function', name },
    ];
    const output = await outputOf({ input: '[[steps:1]]', tools });
    expect(output[1]).toMatchObject({ type: 'function_call', name, arguments: args });
  });

  test('a request for structured output gets a title', async () => {
    const format = { type: 'json_schema', schema: { properties: { title: { type: 'string' } } } };
    const output = await outputOf({ input: 'x', text: { format } });
    expect(JSON.stringify(output)).toContain('Simulated session');
  });

  test.each([
    ['{', 'We could not parse the JSON body of your request.'],
    ['{"input":"hi"}', "Missing required parameter: 'model'."],
  ])('the body %s is an invalid request', async (body, message) => {
    const response = await fetch(`${fixture.simulator.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-test-key' },
      body,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', message } });
  });
});

describe('streamed responses', () => {
  test('the events come in the order that Codex reads', async () => {
    const response = await ask(fixture.simulator, { stream: true, prompt: '[[say:one two]]' });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = eventsOf(await response.text());
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map((event) => event['sequence_number'])).toEqual(events.map((_, index) => index));
    expect(textOf(events)).toBe('one two');
  });

  test('paced deltas are the same stream', async () => {
    fixture.simulator.stop();
    fixture = startFixture({ scenario: { deltaDelayMs: 1 } });
    const events = eventsOf(await (await ask(fixture.simulator, { stream: true, prompt: '[[words:4]]' })).text());
    expect(textOf(events)).toBe('word word word word ');
    expect(events.at(-1)?.type).toBe('response.completed');
  });

  test("a plan's backend wants a stream that is not stored", async () => {
    const { simulator } = fixture;
    const stored = await ask(simulator, { as: 'work', body: { store: true } });
    expect([stored.status, await stored.json()]).toEqual([400, { detail: 'Store must be set to false' }]);
    const whole = await ask(simulator, { as: 'work', stream: false });
    expect([whole.status, await whole.json()]).toEqual([400, { detail: 'Stream must be set to true' }]);
  });
});

describe('what belongs to one account', () => {
  test('a conversation goes on by the id of its response, under its own account', async () => {
    const { simulator } = fixture;
    const { id } = (await (await ask(simulator, { prompt: 'first' })).json()) as { id: string };
    const next = await ask(simulator, { prompt: 'second', body: { previous_response_id: id } });
    expect(await next.text()).toContain('I remember 2 prompts');
    const foreign = await ask(simulator, { as: 'other', body: { previous_response_id: id } });
    expect(foreign.status).toBe(400);
    expect(await foreign.json()).toEqual({
      error: {
        message: `Previous response with id '${id}' not found.`,
        type: 'invalid_request_error',
        param: 'previous_response_id',
        code: 'previous_response_not_found',
      },
    });
  });

  test.each([
    ['key', 'other'],
    ['work', 'home'],
  ] as const)('reasoning of %s is refused when %s gives it back', async (mine, foreign) => {
    const { simulator } = fixture;
    const include = ['reasoning.encrypted_content'];
    const events = eventsOf(await (await ask(simulator, { as: mine, stream: true, body: { include } })).text());
    const { output } = responseOf(events);
    expect(String(output[0]?.['encrypted_content'])).toStartWith('gAAAAA');
    const input = [user('hi'), ...output, user('more')];
    expect((await ask(simulator, { as: mine, stream: true, body: { input } })).status).toBe(200);
    const refused = await ask(simulator, { as: foreign, stream: true, body: { input } });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { code: 'invalid_encrypted_content', param: null } });
    const stripped = input.filter((item) => !('encrypted_content' in item));
    expect((await ask(simulator, { as: foreign, stream: true, body: { input: stripped } })).status).toBe(200);
  });

  test('a scenario may accept foreign reasoning', async () => {
    fixture.simulator.stop();
    fixture = startFixture({ scenario: { foreignReasoning: 'accept' } });
    const input = [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAAAx' }, user('hi')];
    expect((await ask(fixture.simulator, { body: { input } })).status).toBe(200);
  });

  test('a compaction is read by its own account alone', async () => {
    const { simulator } = fixture;
    const compacted = await ask(simulator, { path: '/v1/responses/compact' });
    const { output } = (await compacted.json()) as { output: Output };
    expect(output).toEqual([
      { id: expect.stringMatching(/^cmp_/), type: 'compaction', encrypted_content: expect.any(String) },
    ]);
    const input = [...output, user('more')];
    expect((await ask(simulator, { body: { input } })).status).toBe(200);
    expect((await ask(simulator, { as: 'other', body: { input } })).status).toBe(400);
  });
});
