import { describe, expect, test } from 'bun:test';
import type { Ask, Credential } from '../provider.ts';
import { google } from './google.ts';
import { openingOf } from './opening.ts';

function ask(method: string, path: string, search = ''): Ask {
  return { door: 'gemini', method, path, search };
}

const vertex = '/v1beta1/publishers/google/models/gemini-2.5-pro';
const scoped = '/v1/projects/theirs/locations/europe-west4/publishers/google/models/gemini-2.5-pro';

describe('the allow-list of Google’s APIs', () => {
  test.each([
    ['POST', '/v1beta/models/gemini-2.5-pro:streamGenerateContent', 'inference'],
    ['POST', '/v1beta/models/gemini-2.5-pro:generateContent', 'inference'],
    ['POST', '/v1/models/gemini-2.5-pro:generateContent', 'inference'],
    ['POST', '/v1beta/models/gemini-embedding-001:embedContent', 'inference'],
    ['POST', '/v1beta/models/gemini-embedding-001:batchEmbedContents', 'inference'],
    ['POST', '/v1beta/models/gemini-2.5-pro:countTokens', 'auxiliary'],
    ['GET', '/v1beta/models', 'auxiliary'],
    ['GET', '/v1beta/models/gemini-2.5-pro', 'auxiliary'],
    ['POST', `${vertex}:streamGenerateContent`, 'inference'],
    ['POST', `${scoped}:generateContent`, 'inference'],
    ['POST', `${scoped}:countTokens`, 'auxiliary'],
    ['GET', '/v1beta1/publishers/google/models', 'auxiliary'],
  ] as const)('has %s %s', (method, path, route) => {
    expect(google.route(ask(method, path))).toBe(route);
  });

  test.each([
    ['GET', '/v1beta/models/gemini-2.5-pro:generateContent'],
    ['POST', '/v1beta/models/gemini-2.5-pro'],
    ['POST', '/v1beta/models'],
    ['POST', '/v1beta/models/gemini-2.5-pro:batchGenerateContent'],
    ['POST', '/v1beta/models/gemini-2.5-pro:generateContent\n'],
    ['POST', '/v1beta/models/gemini-2.5-pro:generateContent/'],
    ['POST', '/v1beta/models/..:generateContent'],
    ['GET', '/v1beta/models/..'],
    ['GET', '/v1beta/models/.'],
    ['GET', '/v1beta/models/../files'],
    ['GET', '/v1beta/models/%2e%2e'],
    ['GET', '/v1beta/models/a/b'],
    ['GET', `/v1beta/models/${'a'.repeat(129)}`],
    ['POST', '/v1beta/cachedContents'],
    ['GET', '/v1beta/files'],
    ['POST', '/upload/v1beta/files'],
    ['POST', '/v1beta1/models/gemini-2.5-pro:generateContent'],
    ['POST', '/v1/projects/../locations/x/publishers/google/models/m:generateContent'],
    ['POST', '/v1/projects/p/locations/l/publishers/anthropic/models/m:rawPredict'],
    ['POST', '/v1internal:generateContent'],
    ['GET', '/'],
  ])('has no %s %j', (method, path) => {
    expect(google.route(ask(method, path))).toBeNull();
  });
});

describe('the URL upstream', () => {
  const key: Credential = { kind: 'api-key', secret: 'AIza-test-0123', scope: {} };
  const account: Credential = {
    kind: 'service-account',
    secret: 'ya29.test-0123',
    scope: { project: 'ours', location: 'us-central1' },
  };
  const ours = '/projects/ours/locations/us-central1/publishers/google/models/gemini-2.5-pro';
  const model = '/models/gemini-2.5-pro';

  test.each([
    [key, `/v1beta${model}:streamGenerateContent`, `/v1beta${model}:streamGenerateContent`],
    [key, `/v1${model}:countTokens`, `/v1${model}:countTokens`],
    [key, '/v1beta/models', '/v1beta/models'],
    [key, `${vertex}:generateContent`, `/v1beta${model}:generateContent`],
    [key, `${scoped}:generateContent`, `/v1${model}:generateContent`],
    [account, `/v1beta${model}:streamGenerateContent`, `/v1beta1${ours}:streamGenerateContent`],
    [account, `${vertex}:generateContent`, `/v1beta1${ours}:generateContent`],
    [account, `${scoped}:generateContent`, `/v1${ours}:generateContent`],
    [account, `/v1beta${model}`, '/v1beta1/publishers/google/models/gemini-2.5-pro'],
    [account, '/v1beta/models', '/v1beta1/publishers/google/models'],
  ])('of a %o that asks %s', (credential, path, expected) => {
    expect(google.urlOf(ask('POST', path), credential, 'https://example.org/base')).toBe(
      `https://example.org/base${expected}`,
    );
  });

  test.each([
    ['', ''],
    ['?alt=sse', '?alt=sse'],
    ['?key=stint-test', ''],
    ['?alt=sse&key=stint-test', '?alt=sse'],
    ['?%6Bey=stint-test&alt=sse', '?alt=sse'],
    ['?KEY=stint-test&pageSize=5', '?pageSize=5'],
    ['?key=a&key=b', ''],
    ['?access_token=t&oauth_token=t&$userProject=p&quotaUser=q&userProject=p', ''],
    ['?monkey=1&pageToken=a%2Bb', '?monkey=1&pageToken=a%2Bb'],
    ['?%zz=1', '?%zz=1'],
  ])('of the query %s is %j: no credential and no foreign project is in it', (search, expected) => {
    const url = google.urlOf(ask('GET', '/v1beta/models', search), key, 'https://example.org');
    expect(url).toBe(`https://example.org/v1beta/models${expected}`);
  });

  test.each([
    ['api-key', undefined, 'https://generativelanguage.googleapis.com'],
    ['service-account', undefined, 'https://us-central1-aiplatform.googleapis.com'],
    ['service-account', 'europe-west4', 'https://europe-west4-aiplatform.googleapis.com'],
    ['service-account', 'global', 'https://aiplatform.googleapis.com'],
    ['service-account', 'eu', 'https://aiplatform.eu.rep.googleapis.com'],
  ])('of kind %s in %p begins with %s', (kind, location, origin) => {
    const scope = location === undefined ? undefined : { location };
    expect(google.baseUrl(kind, scope && { kind, secret: '', scope })).toBe(origin);
  });
});

describe('Google as a provider', () => {
  test.each([
    ['/v1beta/models/gemini-2.5-pro:streamGenerateContent', '?alt=sse', 'gemini-2.5-pro', 'sse'],
    ['/v1beta/models/gemini-2.5-pro:streamGenerateContent', '?key=a&%24alt=sse', 'gemini-2.5-pro', 'sse'],
    ['/v1beta/models/gemini-2.5-pro:streamGenerateContent', '', 'gemini-2.5-pro', 'json-array'],
    ['/v1beta/models/gemini-2.5-pro:streamGenerateContent', '?alt=json', 'gemini-2.5-pro', 'json-array'],
    ['/v1beta/models/gemini-2.5-pro:generateContent', '?alt=sse', 'gemini-2.5-pro', null],
    [`${scoped}:streamGenerateContent`, '?alt=sse', 'gemini-2.5-pro', 'sse'],
    ['/v1beta/models', '', null, null],
  ] as const)('reads from %s%s the model %s and the framing %s', (path, search, ...wanted) => {
    const { model, framing } = google.wantedOf(ask('POST', path, search), Buffer.from('{}'));
    expect<unknown[]>([model, framing]).toEqual([...wanted]);
  });

  test.each([
    [{ 'x-goog-api-key': 'stint-test' }, '', 'stint-test'],
    [{ authorization: 'Bearer stint-test' }, '', 'stint-test'],
    [{ authorization: 'bearer  stint-test ' }, '?key=other', 'stint-test'],
    [{ 'x-goog-api-key': '' }, '?alt=sse&key=stint-test', 'stint-test'],
    [{}, '?key=stint%2Dtest', 'stint-test'],
    [{ authorization: 'Basic stint-test' }, '', null],
    [{}, '', null],
  ])('finds the phantom in %j %s: %p', (headers, search, phantom) => {
    expect(google.phantomOf(new Headers(headers), ask('GET', '/v1beta/models', search))).toBe(phantom);
  });

  test.each([
    ['api-key', { 'x-goog-api-key': 'secret-test' }],
    ['service-account', { authorization: 'Bearer secret-test' }],
  ])('sends a %s in its own header alone', (kind, expected) => {
    const headers = new Headers({
      'x-goog-api-key': 'stint-test',
      authorization: 'Bearer stint-test',
      'x-goog-user-project': 'theirs',
    });
    google.authorize(headers, { kind, secret: 'secret-test', scope: {} });
    expect(headers.toJSON()).toEqual(expected);
  });

  test('has no batches of embeddings on Vertex AI', () => {
    const batch = ask('POST', '/v1beta/models/m:batchEmbedContents');
    const whole = { model: null, framing: null };
    expect([google.suits(batch, 'api-key', whole), google.suits(batch, 'service-account', whole)]).toEqual([
      true,
      false,
    ]);
    expect(google.suits(ask('POST', '/v1beta/models/m:embedContent'), 'service-account', whole)).toBe(true);
  });
});

describe('the opening of a conversation', () => {
  const first = { role: 'user', parts: [{ text: '<session_context>' }, { text: 'say hi' }] };
  function opening(body: unknown): string | null {
    return openingOf(Buffer.from(JSON.stringify(body)));
  }

  test('stays the same while the conversation and what the system says grow', () => {
    const later = {
      contents: [first, { role: 'model', parts: [{ text: 'hi' }] }],
      systemInstruction: { parts: [{ text: 'b' }] },
    };
    expect(opening(later)).toBe(opening({ contents: [first], systemInstruction: { parts: [{ text: 'a' }] } }));
  });

  test('tells two prompts in one folder apart', () => {
    const other = { role: 'user', parts: [{ text: '<session_context>' }, { text: 'say ho' }] };
    expect(opening({ contents: [first] })).not.toBe(opening({ contents: [other] }));
  });

  test.each(['{}', '[]', '', '{"contents":[]}', '{"contents":"x"}', '{"contents":[{"parts":[{"inlineData":{}}]}]}'])(
    'of %s is none',
    (body) => {
      expect(openingOf(Buffer.from(body))).toBeNull();
    },
  );
});
