import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, type Fixture, keySecret, startedAt, startFixture } from './request-fixture.ts';
import { readJsonFile } from '../provider/scenario.ts';
import { parseScenario } from './scenario.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

const keyHeaders = { 'x-api-key': keySecret, 'anthropic-version': '2023-06-01' };

async function get(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${fixture.simulator.url}${path}`, { headers: keyHeaders, ...init });
  return { status: response.status, body: await response.json() };
}

describe('endpoints', () => {
  test.each(['HEAD', 'GET'])('%s of the root needs no credential', async (method) => {
    expect((await fetch(`${fixture.simulator.url}/`, { method })).status).toBe(200);
  });

  test('models are listed and found', async () => {
    const { body } = await get('/v1/models?limit=1000');
    expect(body).toMatchObject({ has_more: false, first_id: 'claude-opus-4-8', last_id: 'claude-fable-5' });
    const model = {
      type: 'model',
      id: 'claude-sonnet-4-5',
      display_name: 'Claude Sonnet 4 5',
      created_at: expect.any(String),
    };
    expect((body as { data: object[] }).data).toContainEqual(model);
    expect(await get('/v1/models/claude-sonnet-4-5')).toEqual({ status: 200, body: model });
    expect(await get('/v1/models/claude-2')).toMatchObject({
      status: 404,
      body: { error: { type: 'not_found_error', message: 'model: claude-2' } },
    });
  });

  test('tokens are counted', async () => {
    const response = await ask(fixture.simulator, { path: '/v1/messages/count_tokens?beta=true' });
    expect(await response.json()).toEqual({ input_tokens: expect.any(Number) });
  });

  test.each(['/v1/complete', '/api/oauth/usage'])('%s is not found', async (path) => {
    expect(await get(path)).toEqual({
      status: 404,
      body: {
        type: 'error',
        error: { type: 'not_found_error', message: 'Not found' },
        request_id: expect.stringMatching(/^req_/),
      },
    });
  });

  test.each([
    ['{', 'The request body is not valid JSON.'],
    ['{"messages":[{"role":"user","content":"a"}]}', 'model: Field required'],
  ])('the body %s is an invalid request', async (body, message) => {
    expect(await get('/v1/messages', { method: 'POST', body })).toMatchObject({
      status: 400,
      body: { error: { type: 'invalid_request_error', message } },
    });
  });
});

describe('log of requests', () => {
  test('a request is remembered without its secret', async () => {
    const seen = fixture.simulator.nextRequest(({ stream }) => stream);
    await ask(fixture.simulator);
    const headers = { 'x-claude-code-session-id': 's-1' };
    await (await ask(fixture.simulator, { stream: true, headers })).text();
    const body = {
      model: 'claude-sonnet-4-5',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
    };
    const entry = await seen;
    expect(entry).toMatchObject({
      at: startedAt,
      method: 'POST',
      path: '/v1/messages',
      query: 'beta=true',
      credential: 'subscription',
      model: 'claude-sonnet-4-5',
      stream: true,
      sessionId: 's-1',
      bodySha256: createHash('sha256').update(JSON.stringify(body)).digest('hex'),
      status: 200,
      aborted: false,
    });
    expect(entry.headers['authorization']).toBe('(removed)');
    expect(JSON.stringify(fixture.simulator.requests)).not.toContain('sk-ant-');
  });
});

describe('control over HTTP', () => {
  test('faults are injected and cleared', async () => {
    const fault = JSON.stringify([{ kind: 'overloaded', times: 'always' }]);
    expect(await get('/__simulator/faults', { method: 'POST', body: fault })).toMatchObject({ status: 200 });
    expect((await ask(fixture.simulator)).status).toBe(529);
    await get('/__simulator/faults', { method: 'DELETE' });
    expect((await ask(fixture.simulator)).status).toBe(200);
  });

  test('a window is used up from outside', async () => {
    const body = JSON.stringify({ windows: [{ name: 'five_hour', limit: 5, used: 'all' }] });
    await get('/__simulator/credentials/subscription', { method: 'POST', body });
    expect((await ask(fixture.simulator)).status).toBe(429);
    expect((await get('/__simulator/state')).body).toMatchObject({
      credentials: [
        { name: 'key', kind: 'api_key', windows: [] },
        { name: 'subscription', kind: 'oauth', windows: [{ name: 'five_hour', used: 5, limit: 5 }, {}] },
      ],
    });
    expect((await get('/__simulator/requests')).body).toMatchObject({ requests: [{ status: 429 }], openRequests: 0 });
  });

  test.each([
    ['POST', '/__simulator/faults', 400],
    ['POST', '/__simulator/credentials/nobody', 404],
    ['GET', '/__simulator/nothing', 404],
  ])('%s %s without sense answers %i', async (method, path, status) => {
    const body = method === 'POST' ? '{"kind":"no such fault"}' : null;
    expect((await get(path, { method, body })).status).toBe(status);
  });
});

describe('fixed replies', () => {
  test('the same message answers every request, streamed or not', async () => {
    const bench = startFixture({ fixedReply: { text: 'one two' } });
    try {
      const whole = await ask(bench.simulator, { secret: 'sk-test-anyone' });
      expect(await whole.json()).toMatchObject({ content: [{ type: 'text', text: 'one two' }] });
      const streamed = await (await ask(bench.simulator, { stream: true })).text();
      expect(streamed).toStartWith('event: message_start');
      expect(streamed).toEndWith('data: {"type":"message_stop"}\n\n');
      expect(bench.simulator.requests).toEqual([]);
    } finally {
      bench.simulator.stop();
    }
  });
});

describe('scenario', () => {
  test('a scenario is read from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'stint-scenario-'));
    try {
      const path = join(folder, 'scenario.json');
      writeFileSync(
        path,
        JSON.stringify({ credentials: [{ secret: 'sk-test-a', name: 'a' }], faults: [{ kind: 'throttle' }] }),
      );
      expect(parseScenario(readJsonFile(path))).toMatchObject({
        credentials: [{ name: 'a', overage: 'none', windows: [] }],
        faults: [{ kind: 'throttle', times: 1, path: '/v1/messages' }],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('an unknown field is refused', () => {
    expect(() => parseScenario({ credentials: [{ secret: 'a', name: 'a', limit: 3 }] })).toThrow('limit');
  });

  test('a scenario starts with its faults', async () => {
    const faulty = startFixture({
      scenario: { credentials: [{ secret: keySecret, name: 'key' }], faults: [{ kind: 'overloaded' }] },
    });
    try {
      expect((await ask(faulty.simulator, { secret: keySecret })).status).toBe(529);
    } finally {
      faulty.simulator.stop();
    }
  });
});
