import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { ask, credentialHeaders, eventsOf, type Fixture, startFixture, textOf, type Who } from './request-fixture.ts';
import { connect } from './socket-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

async function call(
  path: string,
  { as = 'key', ...init }: RequestInit & { as?: Who } = {},
): Promise<{ status: number; body: unknown }> {
  const headers = credentialHeaders(fixture.simulator, as);
  const response = await fetch(`${fixture.simulator.url}${path}`, { headers, ...init });
  return { status: response.status, body: await response.json() };
}

describe('endpoints beside the model', () => {
  test('models are listed and found', async () => {
    const { body } = await call('/v1/models');
    const model = { id: 'gpt-5.1', object: 'model', created: 1_758_000_000, owned_by: 'openai' };
    expect((body as { data: object[] }).data).toContainEqual(model);
    expect(await call('/v1/models/gpt-5.1')).toEqual({ status: 200, body: model });
    expect(await call('/v1/models/gpt-2')).toMatchObject({ status: 404, body: { error: { code: 'model_not_found' } } });
  });

  test('a stored response belongs to its account, until it is deleted', async () => {
    const { id } = (await (await ask(fixture.simulator)).json()) as { id: string };
    const path = `/v1/responses/${id}`;
    expect(await call(path)).toMatchObject({ status: 200, body: { id, status: 'completed' } });
    expect(await call(`${path}/cancel`, { method: 'POST' })).toMatchObject({ status: 200, body: { id } });
    expect(await call(path, { as: 'other' })).toMatchObject({ status: 404 });
    expect(await call(path, { method: 'DELETE' })).toEqual({
      status: 200,
      body: { id, object: 'response', deleted: true },
    });
    expect(await call(path)).toMatchObject({ status: 404 });
  });

  test('a file belongs to its account, in requests as well', async () => {
    const form = new FormData();
    form.set('purpose', 'assistants');
    form.set('file', new File(['hello'], 'hello.txt'));
    const { body } = await call('/v1/files', { method: 'POST', body: form });
    const { id } = body as { id: string };
    expect(body).toMatchObject({ object: 'file', purpose: 'assistants' });
    const input = [{ type: 'message', role: 'user', content: [{ type: 'input_file', file_id: id }] }];
    expect((await ask(fixture.simulator, { body: { input } })).status).toBe(200);
    expect((await ask(fixture.simulator, { as: 'other', body: { input } })).status).toBe(404);
    expect(await call('/v1/files', { as: 'other' })).toMatchObject({ body: { data: [] } });
    expect(await call(`/v1/files/${id}`, { as: 'other' })).toMatchObject({ status: 404 });
    expect(await call(`/v1/files/${id}`, { method: 'DELETE' })).toMatchObject({ body: { deleted: true } });
    expect(await call('/v1/files')).toMatchObject({ body: { data: [] } });
  });

  test('embeddings depend on their text', async () => {
    const body = JSON.stringify({ model: 'text-embedding-3-small', input: ['a', 'b', 'a'] });
    const { body: answer } = await call('/v1/embeddings', { method: 'POST', body });
    const vectors = (answer as { data: { embedding: number[] }[] }).data.map(({ embedding }) => embedding);
    expect(vectors).toHaveLength(3);
    expect(vectors[0]).toEqual(vectors[2] ?? []);
    expect(vectors[0]).not.toEqual(vectors[1] ?? []);
  });

  test('tokens are counted', async () => {
    const body = JSON.stringify({ model: 'gpt-5.1', input: 'hi' });
    expect(await call('/v1/responses/input_tokens', { method: 'POST', body })).toEqual({
      status: 200,
      body: { object: 'response.input_tokens', input_tokens: 8 },
    });
  });

  test('the check of accounts names the one that asks', async () => {
    expect(await call('/backend-api/wham/accounts/check', { as: 'home' })).toEqual({
      status: 200,
      body: {
        accounts: [
          {
            id: 'acct-home',
            workspace_backend_origin: 'https://chatgpt.com',
            account_routing_override: 'NO_CONSTRAINT',
          },
        ],
        account_ordering: ['acct-home'],
      },
    });
  });

  test.each(['/v1/audio/speech', '/backend-api/wham/settings/user', '/'])('%s is not found', async (path) => {
    expect(await call(path)).toEqual({ status: 404, body: { detail: 'Not Found' } });
  });
});

describe('log of requests', () => {
  test('a request is remembered without its secret', async () => {
    await ask(fixture.simulator, { as: 'work', headers: { 'session-id': 's-1' } });
    expect(fixture.simulator.requests).toMatchObject([
      {
        method: 'POST',
        path: '/backend-api/codex/responses',
        via: 'http',
        credential: 'work',
        model: 'gpt-6.1-sol',
        stream: true,
        sessionId: 's-1',
        status: 200,
      },
    ]);
    expect(JSON.stringify(fixture.simulator.requests)).not.toContain(fixture.simulator.login('work').accessToken);
  });
});

describe('control over HTTP', () => {
  test('a fault is injected and a plan is closed from outside', async () => {
    const fault = JSON.stringify({ kind: 'overloaded' });
    expect(await call('/__simulator/faults', { method: 'POST', body: fault })).toEqual({
      status: 200,
      body: { injected: 1 },
    });
    expect((await ask(fixture.simulator)).status).toBe(503);
    const body = JSON.stringify({ windows: [{ name: 'primary', limit: 1, used: 'all' }] });
    await call('/__simulator/credentials/work', { method: 'POST', body });
    expect((await ask(fixture.simulator, { as: 'work' })).status).toBe(429);
    expect((await call('/__simulator/state')).body).toMatchObject({
      credentials: [
        { name: 'key', login: null },
        { name: 'other' },
        { name: 'work', login: { accountId: 'acct-work', refreshes: 0 } },
        { name: 'home' },
      ],
    });
  });
});

describe('fixed replies', () => {
  test('the same answer serves every form', async () => {
    const { simulator } = startFixture({ fixedReply: { text: 'one two' } });
    try {
      expect(await (await ask(simulator, { as: 'work', stream: false })).text()).toContain('"text":"one two"');
      expect(textOf(eventsOf(await (await ask(simulator, { stream: true })).text()))).toBe('one two');
      const path = '/v1/chat/completions';
      expect(await (await ask(simulator, { path })).text()).toContain('"content":"one two"');
      expect(await (await ask(simulator, { path, stream: true })).text()).toEndWith('data: [DONE]\n\n');
      const client = await connect(simulator);
      expect(textOf(await client.ask())).toBe('one two');
      expect(textOf(await client.ask())).toBe('one two');
      await client.close();
      expect(simulator.requests).toEqual([]);
    } finally {
      simulator.stop();
    }
  });
});
