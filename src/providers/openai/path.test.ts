import { describe, expect, test } from 'bun:test';
import type { Ask, Route } from '../provider.ts';
import { answerLocal } from './local.ts';
import { baseUrl, route, suits, urlOf } from './path.ts';

const ask = (text: string): Ask => {
  const [method = '', door = '', target = ''] = text.split(' ');
  const [path = '', search] = target.split('?');
  return { door, method, path, search: search === undefined ? '' : `?${search}` };
};
const key = { kind: 'api-key', secret: 'sk-test', scope: {} };
const plan = { kind: 'plan-login', secret: 'eyJ-test', scope: {} };
const api = 'https://api.openai.com';
const chat = 'https://chatgpt.com/backend-api';

const streamed = { model: 'gpt-5.1', framing: 'sse' } as const;

describe('a request', () => {
  test.each<[string, Route, string | null, string | null]>([
    ['POST openai /v1/responses', 'inference', `${api}/v1/responses`, `${chat}/codex/responses`],
    ['GET openai /v1/responses', 'inference', `${api}/v1/responses`, `${chat}/codex/responses`],
    [
      'POST openai /v1/responses/compact',
      'inference',
      `${api}/v1/responses/compact`,
      `${chat}/codex/responses/compact`,
    ],
    ['POST openai /v1/chat/completions', 'inference', `${api}/v1/chat/completions`, null],
    ['POST openai /v1/completions', 'inference', `${api}/v1/completions`, null],
    ['POST openai /v1/embeddings', 'inference', `${api}/v1/embeddings`, null],
    ['POST openai /v1/responses/input_tokens', 'auxiliary', `${api}/v1/responses/input_tokens`, null],
    ['GET openai /v1/responses/resp_1?stream=true', 'auxiliary', `${api}/v1/responses/resp_1?stream=true`, null],
    ['DELETE openai /v1/responses/resp_1', 'auxiliary', `${api}/v1/responses/resp_1`, null],
    ['POST openai /v1/responses/resp_1/cancel', 'auxiliary', `${api}/v1/responses/resp_1/cancel`, null],
    ['GET openai /v1/responses/resp_1/input_items', 'auxiliary', `${api}/v1/responses/resp_1/input_items`, null],
    ['POST openai /v1/conversations', 'auxiliary', `${api}/v1/conversations`, null],
    ['GET openai /v1/conversations/conv_1/items', 'auxiliary', `${api}/v1/conversations/conv_1/items`, null],
    ['GET openai /v1/models', 'auxiliary', `${api}/v1/models`, null],
    ['GET openai /v1/models/ft:gpt-4o:acme', 'auxiliary', `${api}/v1/models/ft:gpt-4o:acme`, null],
    ['POST openai /v1/files', 'auxiliary', `${api}/v1/files`, null],
    ['GET openai /v1/files/file-1/content', 'auxiliary', `${api}/v1/files/file-1/content`, null],
    ['POST codex /responses', 'inference', `${api}/v1/responses`, `${chat}/codex/responses`],
    ['GET codex /responses', 'inference', `${api}/v1/responses`, `${chat}/codex/responses`],
    ['POST codex /responses/compact', 'inference', `${api}/v1/responses/compact`, `${chat}/codex/responses/compact`],
    ['POST codex /backend-api/codex/responses', 'inference', `${api}/v1/responses`, `${chat}/codex/responses`],
    ['GET codex /models?client_version=0.169.0', 'auxiliary', null, `${chat}/codex/models?client_version=0.169.0`],
    ['GET codex /wham/usage', 'auxiliary', null, `${chat}/wham/usage`],
    ['GET codex /usage', 'auxiliary', null, `${chat}/wham/usage`],
    ['GET codex /api/codex/usage', 'auxiliary', null, `${chat}/wham/usage`],
    ['GET codex /backend-api/wham/usage', 'auxiliary', null, `${chat}/wham/usage`],
  ])('%s', (...[text, kind, ofKey, ofPlan]) => {
    const asked = ask(text);
    expect(route(asked)).toBe(kind);
    expect(suits(asked, 'api-key', streamed)).toBe(ofKey !== null);
    expect(suits(asked, 'plan-login', streamed)).toBe(ofPlan !== null);
    if (ofKey !== null) expect(urlOf(asked, key, baseUrl('api-key'))).toBe(ofKey);
    if (ofPlan !== null) expect(urlOf(asked, plan, baseUrl('plan-login'))).toBe(ofPlan);
  });

  test('a plan takes no request for an answer in one piece', () => {
    const whole = { model: 'gpt-5.1', framing: null };
    for (const text of ['POST openai /v1/responses', 'POST codex /responses']) {
      expect([suits(ask(text), 'plan-login', whole), suits(ask(text), 'api-key', whole)]).toEqual([false, true]);
    }
    expect(suits(ask('GET codex /responses'), 'plan-login', whole)).toBe(true);
    expect(suits(ask('POST codex /responses/compact'), 'plan-login', whole)).toBe(true);
  });

  test.each([
    'GET openai /',
    'POST openai /responses',
    'PUT openai /v1/responses',
    'GET openai /v1/organization/admin_api_keys',
    'POST openai /v1/fine_tuning/jobs',
    'GET openai /v1/responses/..',
    'GET openai /v1/responses/../models',
    'GET openai /v1/models/%2e%2e/organization',
    'GET openai /v1/files/a/b',
    'GET openai /v1/wham/usage',
    'POST codex /v1/responses',
    'POST codex /oauth/token',
    'GET codex /wham/tasks',
    'POST codex /wham/rate-limit-reset-credits/consume',
    'GET codex /backend-api/accounts',
    'GET codex /ps/plugins/../../wham/usage',
    'GET other /responses',
  ])('%s is not on the list', (text) => {
    expect(route(ask(text))).toBeNull();
    expect(suits(ask(text), 'api-key', streamed)).toBe(false);
  });

  test.each<[string, string, typeof key, string]>([
    ['a base that ends in /v1', 'http://127.0.0.1:9/v1', key, 'http://127.0.0.1:9/v1/responses'],
    ['a base with a prefix', 'http://127.0.0.1:9/openai', key, 'http://127.0.0.1:9/openai/v1/responses'],
    [
      'a base that ends in the backend',
      'http://127.0.0.1:9/backend-api',
      plan,
      'http://127.0.0.1:9/backend-api/codex/responses',
    ],
    [
      'a base that ends in its codex',
      'http://127.0.0.1:9/backend-api/codex',
      plan,
      'http://127.0.0.1:9/backend-api/codex/responses',
    ],
    ['a bare origin', 'http://127.0.0.1:9', plan, 'http://127.0.0.1:9/backend-api/codex/responses'],
  ])('goes below %s', (...[, base, credential, url]) => {
    expect(urlOf(ask('POST openai /v1/responses'), credential, base)).toBe(url);
  });
});

describe('what is answered here', () => {
  const answer = async (text: string, headers: Record<string, string> = {}) => {
    expect(route(ask(text))).toBe('local');
    const response = answerLocal(ask(text), new Headers(headers));
    const body = await response.text();
    return { status: response.status, body: body === '' ? null : (JSON.parse(body) as unknown) };
  };

  test.each(['/wham/accounts/check', '/backend-api/wham/accounts/check'])(
    'keeps the agent’s own account here: %s',
    async (path) => {
      const { status, body } = await answer(`GET codex ${path}`, { 'chatgpt-account-id': 'account-a' });
      expect(status).toBe(200);
      expect(body).toEqual({
        accounts: [
          { id: 'account-a', workspace_backend_origin: 'NO_CONSTRAINT', account_routing_override: 'NO_CONSTRAINT' },
        ],
        account_ordering: ['account-a'],
      });
    },
  );

  test('names no account to an agent that names none', async () => {
    const { body } = await answer('GET codex /wham/accounts/check');
    expect(body).toEqual({ accounts: [], account_ordering: [] });
  });

  test.each<[string, number, unknown]>([
    ['GET codex /backend-api/ps/plugins/installed?limit=200', 200, { plugins: [], items: [] }],
    ['GET codex /backend-api/ps/plugins/suggested/codex?scope=GLOBAL', 200, { plugins: [], items: [] }],
    ['GET codex /backend-api/wham/settings/user', 200, {}],
    ['POST codex /backend-api/ps/mcp', 404, { detail: 'Not Found' }],
    ['POST codex /backend-api/codex/analytics-events/events', 204, null],
    ['POST codex /analytics-events/events', 204, null],
  ])('%s', async (text, status, body) => {
    expect(await answer(text)).toEqual({ status, body });
  });
});
