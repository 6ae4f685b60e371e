import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { ask, elementsOf, type Fixture, keySecret, loginSecret, startFixture, textOf } from './request-fixture.ts';
import { parseScenario } from './scenario.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

const prompt = '[[say:one two]]';
const signature = expect.stringMatching(/^[\w+/]{64}$/) as unknown;
const json = 'application/json';

async function send(path: string, init: { method?: string; body?: string } = {}): Promise<unknown> {
  const headers = { 'x-goog-api-key': keySecret };
  const response = await fetch(`${fixture.simulator.url}${path}`, { ...init, headers });
  return { status: response.status, body: (await response.json()) as unknown };
}

describe('content', () => {
  test('is streamed as events', async () => {
    const response = await ask(fixture.simulator, { stream: 'sse', prompt });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const elements = elementsOf(await response.text());
    const common = { modelVersion: 'gemini-2.5-pro', responseId: expect.stringMatching(/^[0-9a-f]{24}$/) };
    expect(elements).toMatchObject([
      {
        ...common,
        candidates: [{ content: { role: 'model', parts: [{ text: 'one ', thoughtSignature: signature }] } }],
      },
      {
        ...common,
        candidates: [{ content: { parts: [{ text: 'two' }] }, finishReason: 'STOP', index: 0 }],
        usageMetadata: { candidatesTokenCount: 2, promptTokenCount: expect.any(Number) },
      },
    ]);
  });

  test('is streamed as the elements of an array', async () => {
    const response = await ask(fixture.simulator, { stream: 'array', prompt });
    expect(response.headers.get('content-type')).toStartWith(json);
    const text = await response.text();
    expect(text).toMatch(/^\[\{.*\}\r\n,\r\n\{.*\}\r\n\]$/);
    expect(textOf(JSON.parse(text) as unknown[])).toBe('one two');
  });

  test('comes whole', async () => {
    const response = await ask(fixture.simulator, { prompt });
    expect(await response.json()).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'one two', thoughtSignature: signature }] }, finishReason: 'STOP' }],
      usageMetadata: { candidatesTokenCount: 2 },
    });
  });

  test('may be a call of the shell', async () => {
    const tools = [{ functionDeclarations: [{ name: 'run_shell_command' }] }];
    const response = await ask(fixture.simulator, { stream: 'sse', prompt: '[[steps:1]]', body: { tools } });
    const call = { id: expect.any(String), name: 'run_shell_command', args: { command: 'echo step 1' } };
    expect(elementsOf(await response.text())).toMatchObject([
      {
        candidates: [
          { content: { parts: [{ functionCall: call, thoughtSignature: signature }] }, finishReason: 'STOP' },
        ],
      },
    ]);
  });

  test('is wrapped for Code Assist', async () => {
    const secret = loginSecret;
    const whole = await (await ask(fixture.simulator, { secret, prompt })).json();
    expect(whole).toMatchObject({ response: { candidates: [{ finishReason: 'STOP' }] }, traceId: expect.any(String) });
    const elements = elementsOf(await (await ask(fixture.simulator, { secret, prompt, stream: 'sse' })).text());
    expect(textOf(elements.map((element) => (element as { response: unknown }).response))).toBe('one two');
  });

  test('takes as long as the scenario says', async () => {
    fixture.simulator.stop();
    const credentials = [{ secret: keySecret, name: 'key' }];
    fixture = startFixture({ scenario: { credentials, deltaDelayMs: 1 } });
    expect(textOf(elementsOf(await (await ask(fixture.simulator, { stream: 'sse', prompt })).text()))).toBe('one two');
  });

  test.each([
    ['{', 'Invalid JSON payload received. Unexpected token.'],
    ['{}', '* GenerateContentRequest.contents: contents is not specified\n'],
  ])('is refused for the body %s', async (body, message) => {
    const path = '/v1beta/models/gemini-2.5-pro:generateContent';
    expect(await send(path, { method: 'POST', body })).toMatchObject({
      status: 400,
      body: { error: { message, status: 'INVALID_ARGUMENT' } },
    });
  });
});

describe('other methods', () => {
  test('models are listed and described', async () => {
    const model = {
      name: 'models/gemini-2.5-pro',
      displayName: 'Gemini 2.5 Pro',
      supportedGenerationMethods: expect.arrayContaining(['generateContent']),
    };
    expect(await send('/v1beta/models?pageSize=50')).toMatchObject({
      body: { models: expect.arrayContaining([expect.objectContaining(model)]) },
    });
    expect(await send('/v1/models/gemini-2.5-pro')).toMatchObject({ status: 200, body: model });
  });

  test.each(['/v1beta/models/gemini-1', '/v1beta/nothing'])('%s is not found', async (path) => {
    expect(await send(path)).toMatchObject({ status: 404, body: { error: { status: 'NOT_FOUND' } } });
  });

  test('Code Assist has no method of that name', async () => {
    const headers = { authorization: `Bearer ${loginSecret}` };
    const url = `${fixture.simulator.url}/v1internal:constructor`;
    expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(404);
  });

  test('an unknown model makes no content', async () => {
    const response = await ask(fixture.simulator, { model: 'gemini-1' });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('models/gemini-1 is not found for API version v1beta');
  });

  test('tokens are counted and texts embedded', async () => {
    const post = { method: 'POST', body: '{}' };
    expect(await send('/v1beta/models/gemini-2.5-pro:countTokens', post)).toMatchObject({ body: { totalTokens: 1 } });
    const embedding = { values: expect.any(Array) };
    const path = '/v1beta/models/gemini-embedding-001:';
    expect(await send(`${path}embedContent`, post)).toMatchObject({ body: { embedding } });
    expect(await send(`${path}batchEmbedContents`, post)).toMatchObject({ body: { embeddings: [embedding] } });
  });

  test.each([
    ['loadCodeAssist', { cloudaicompanionProject: 'own-login', currentTier: { id: 'standard-tier' } }],
    ['onboardUser', { done: true, response: { cloudaicompanionProject: { id: 'own-login' } } }],
    ['listExperiments', { flags: [] }],
    ['fetchAdminControls', {}],
    ['countTokens', { totalTokens: 1 }],
  ])('Code Assist answers %s', async (method, body) => {
    const headers = { authorization: `Bearer ${loginSecret}` };
    const response = await fetch(`${fixture.simulator.url}/v1internal:${method}`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject(body);
  });
});

describe('simulator', () => {
  test('remembers a request without its secret', async () => {
    const seen = fixture.simulator.nextRequest(({ stream }) => stream);
    await (await ask(fixture.simulator, { stream: 'sse' })).text();
    expect(await seen).toMatchObject({ credential: 'key', model: 'gemini-2.5-pro', status: 200 });
    expect(JSON.stringify(fixture.simulator.requests)).not.toContain(keySecret);
  });

  test('serves its control over HTTP', async () => {
    const body = JSON.stringify({ kind: 'unavailable' });
    expect(await send('/__simulator/faults', { method: 'POST', body })).toMatchObject({ body: { injected: 1 } });
    expect((await ask(fixture.simulator)).status).toBe(503);
    expect(await send('/__simulator/faults', { method: 'POST', body: '{"kind":"no"}' })).toMatchObject({ status: 400 });
    expect(await send('/__simulator/state')).toMatchObject({
      body: { credentials: [{ name: 'key' }, { name: 'login' }] },
    });
  });

  test.each(['sse', 'array', 'no'] as const)('gives a fixed reply to everybody (%s)', async (stream) => {
    fixture.simulator.stop();
    fixture = startFixture({ fixedReply: { words: 3 } });
    const text = await (await ask(fixture.simulator, { secret: 'AIza-test-unknown', stream })).text();
    const elements = stream === 'sse' ? elementsOf(text) : [JSON.parse(text) as unknown].flat();
    expect(textOf(elements)).toBe('word word word ');
    expect(fixture.simulator.requests).toEqual([]);
  });
});

describe('scenario', () => {
  test.each([
    ['no credentials', { credentials: [] }],
    ['a credential with nothing secret', { credentials: [{ name: 'a' }] }],
    ['an unknown window', { credentials: [{ name: 'a', secret: 's', windows: [{ name: 'week', limit: 1 }] }] }],
  ])('%s is refused', (_, scenario) => {
    expect(() => parseScenario(scenario)).toThrow();
  });
});
