import { describe, expect, test } from 'bun:test';
import { readFrame } from '../../lib/sse.ts';
import type { Ask } from '../provider.ts';
import { anthropic } from './anthropic.ts';

const askOf = (method: string, path: string): Ask => ({ door: 'anthropic', method, path, search: '' });

describe('the allow-list of Anthropic’s API', () => {
  test.each([
    ['POST', '/v1/messages', 'inference'],
    ['POST', '/v1/messages/count_tokens', 'auxiliary'],
    ['GET', '/v1/models', 'auxiliary'],
    ['GET', '/v1/models/claude-opus-4-8', 'auxiliary'],
    ['GET', '/v1/models/claude-opus-4-8[1m]', 'auxiliary'],
    ['GET', '/v1/models/claude-sonnet-4@20250514', 'auxiliary'],
    ['GET', '/v1/models/gpt-5.1', 'auxiliary'],
    ['HEAD', '/', 'local'],
    ['HEAD', '', 'local'],
  ] as const)('has %s %s', (method, path, route) => {
    expect(anthropic.route(askOf(method, path))).toBe(route);
  });

  test.each([
    ['GET', '/'],
    ['POST', '/'],
    ['HEAD', '/v1/messages'],
    ['GET', '/v1/messages'],
    ['PUT', '/v1/messages'],
    ['DELETE', '/v1/messages'],
    ['post', '/v1/messages'],
    ['POST', '/v1/messages/'],
    ['POST', '//v1/messages'],
    ['POST', '/v1//messages'],
    ['POST', 'v1/messages'],
    ['POST', '/V1/Messages'],
    ['POST', '/v1/messages%2f'],
    ['POST', '/v1/messages?beta=true'],
    ['POST', '/v1/messages#a'],
    ['POST', '/v1/messages\n'],
    ['POST', '/v1/messages/batches'],
    ['GET', '/v1/messages/count_tokens'],
    ['POST', '/v1/messages/count_tokens/..'],
    ['POST', '/v1/complete'],
    ['POST', '/v1/files'],
    ['POST', '/v1/models'],
    ['GET', '/v1/models/'],
    ['GET', '/v1/models/.'],
    ['GET', '/v1/models/..'],
    ['GET', '/v1/models/../organizations'],
    ['GET', '/v1/models/../../api/oauth/profile'],
    ['GET', '/v1/models/%2e%2e'],
    ['GET', '/v1/models/%2e%2e%2forganizations'],
    ['GET', '/v1/models/a/b'],
    ['GET', '/v1/models/a\\..\\b'],
    ['GET', '/v1/models/a b'],
    ['GET', '/v1/models/a\n'],
    ['GET', `/v1/models/${'a'.repeat(129)}`],
    ['GET', '/v1/organizations'],
    ['GET', '/v1/organizations/api_keys'],
    ['GET', '/api/oauth/profile'],
    ['GET', '/api/oauth/usage'],
    ['POST', '/v1/oauth/token'],
    ['GET', '/../v1/models'],
    ['CONNECT', '/v1/messages'],
  ])('has no %s %j', (method, path) => {
    expect(anthropic.route(askOf(method, path))).toBeNull();
  });

  test('has nothing that leaves its own path or host once it is a URL', () => {
    for (const path of [
      '/v1/models/claude-opus-4-8',
      '/v1/models/a@b',
      '/v1/models/a:b',
      '/v1/models/...',
      '/v1/models/@example.org:80',
    ]) {
      expect(anthropic.route(askOf('GET', path))).toBe('auxiliary');
      const url = new URL(`https://api.anthropic.com/prefix${path}`);
      expect([url.origin, url.pathname]).toEqual(['https://api.anthropic.com', `/prefix${path}`]);
    }
  });
});

describe('Anthropic as a provider', () => {
  test('reads the session from the header of Claude Code', () => {
    expect(anthropic.sessionOf(new Headers({ 'x-claude-code-session-id': 'b7f0-test' }))).toBe('b7f0-test');
    expect(anthropic.sessionOf(new Headers())).toBeNull();
  });

  test.each<[string, object, object, boolean]>([
    [
      'the first message',
      { messages: [{ role: 'user', content: 'a' }] },
      { messages: [{ role: 'user', content: 'b' }] },
      false,
    ],
    ['later messages', { messages: [{ content: 'a' }] }, { messages: [{ content: 'a' }, { content: 'b' }] }, true],
    ['the model', { model: 'x', messages: [{ content: 'a' }] }, { model: 'y', messages: [{ content: 'a' }] }, true],
    [
      'marks of the prompt cache, which move from turn to turn',
      { messages: [{ content: [{ text: 'a', cache_control: { type: 'ephemeral' } }] }] },
      { messages: [{ content: [{ text: 'a' }] }] },
      true,
    ],
  ])('tells conversations by their opening: other in %s', (...[, one, other, same]) => {
    const opening = (body: object) => anthropic.openingOf(Buffer.from(JSON.stringify(body)));
    expect(opening(one)).not.toBeNull();
    expect(opening(one) === opening(other)).toBe(same);
  });

  test('finds no opening in a body without messages', () => {
    for (const body of ['', '{}', '{"messages":[]}', '{"messages":"a"}', 'x']) {
      expect(anthropic.openingOf(Buffer.from(body))).toBeNull();
    }
  });

  test('keeps a held stream alive with a whole event that the gate takes for neutral', () => {
    const bytes = Buffer.from(
      anthropic.keepAliveFrame('sse', { door: 'anthropic', method: 'POST', path: '/v1/messages', search: '' }),
    );
    const frame = readFrame(bytes, 0);
    expect(frame).toEqual({ name: 'ping', data: '{"type": "ping"}', end: bytes.length });
    expect(anthropic.frameKind('ping', frame?.data ?? '')).toBe('neutral');
  });
});
