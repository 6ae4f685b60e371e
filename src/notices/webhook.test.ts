import { describe, expect, test } from 'bun:test';
import { labelFrom } from '../../test/builders.ts';
import type { Notice } from '../core/notice.ts';
import { Problem } from '../core/problem.ts';
import { minuteMs, secondMs } from '../core/time.ts';
import { parseWebhookSecrets, signWebhook, webhookChannel } from './webhook.ts';

const now = Date.parse('2026-11-21T13:05:00.700Z');
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const notice: Notice = {
  id: 'gemini/a|gemini-2.5-pro|*:3 ä',
  kind: 'pool-exhausted',
  thread: 'episode:1',
  at: now - minuteMs,
  facts: { pool: labelFrom('google'), since: now - minuteMs, until: now + minuteMs },
};

type Got = { readonly method: string; readonly headers: Headers; readonly body: string };
type Answer = (request: Request) => Response | Promise<Response>;

function serve(answer: Answer) {
  const got: Got[] = [];
  const server = Bun.serve({
    port: 0,
    development: false,
    fetch: async (request) => {
      got.push({ method: request.method, headers: request.headers, body: await request.text() });
      return answer(request);
    },
  });
  return {
    got,
    url: `${server.url.href}hooks/secret-path?key=secret-query`,
    host: server.url.host,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

function channelTo(url: string, more: { deadlineMs?: number; secrets?: string } = {}) {
  const keys = parseWebhookSecrets(more.secrets ?? secret);
  const fetchPlain = (to: string, init: RequestInit) => fetch(to, init);
  return webhookChannel({ url, keys, fetch: fetchPlain, clock: () => now, timeZone: 'UTC', ...more });
}

const never = new AbortController().signal;

async function refusalOf(url: string, more: { deadlineMs?: number } = {}): Promise<Problem> {
  const error: unknown = await channelTo(url, more)
    .tell(notice, null, never)
    .catch((thrown: unknown) => thrown);
  if (!(error instanceof Problem)) throw new Error('it was taken');
  expect(`${error.message} ${error.hint ?? ''}`).not.toMatch(/secret-|whsec/);
  return error;
}

describe('the webhook', () => {
  test('posts a notice that its receiver can verify and read', async () => {
    await using receiver = serve(() => new Response(null, { status: 204 }));
    expect(await channelTo(receiver.url).tell(notice, 'reference', never)).toBeNull();
    const [request] = receiver.got;
    expect(request?.method).toBe('POST');
    expect(request?.headers.get('content-type')).toBe('application/json');
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
      request?.headers.get(`webhook-${name}`),
    );
    expect(id).toBe('gemini/a%7Cgemini-2%2E5-pro%7C*:3%20%C3%A4');
    expect(timestamp).toBe(String(Date.parse('2026-11-21T13:05:00Z') / 1000));
    const [key] = parseWebhookSecrets(secret);
    expect(signature).toBe(signWebhook([id ?? '', timestamp ?? '', request?.body ?? ''], key ?? Buffer.alloc(0)));
    expect(JSON.parse(request?.body ?? '')).toEqual({
      type: 'stint.pool-exhausted',
      timestamp: '2026-11-21T13:04:00.700Z',
      data: {
        ...notice.facts,
        id: notice.id,
        thread: 'episode:1',
        title: 'Pool google is exhausted',
        text: [
          'Pool google is exhausted.',
          'No account of it has been open since 13:04 UTC (1m ago).',
          'The first account opens in 1m (13:06 UTC).',
          'What you can do: stint pool explain google',
        ].join('\n'),
      },
    });
  });

  test('signs as the reference implementations do', () => {
    // The example in the tests of https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries
    const [key] = parseWebhookSecrets(secret);
    const message = ['msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', '{"test": 2432232314}'] as const;
    expect(signWebhook(message, key ?? Buffer.alloc(0))).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('signs with each of several secrets', async () => {
    await using receiver = serve(() => new Response());
    await channelTo(receiver.url, { secrets: `${secret}\nwhsec_${'A'.repeat(32)}\n` }).tell(notice, null, never);
    expect(receiver.got[0]?.headers.get('webhook-signature')).toMatch(/^v1,\S{44} v1,\S{44}$/);
  });

  test('sends the same id in every try', async () => {
    await using receiver = serve(() => new Response(null, { status: 500 }));
    for (let tries = 0; tries < 2; tries += 1) await refusalOf(receiver.url);
    expect(new Set(receiver.got.map(({ headers }) => headers.get('webhook-id'))).size).toBe(1);
  });

  test.each<[number, Record<string, string>, Partial<Problem>]>([
    [500, {}, { code: 'upstream', retryAt: undefined }],
    [404, {}, { code: 'upstream' }],
    [429, { 'retry-after': '120' }, { code: 'upstream', retryAt: now + 120 * secondMs }],
    [503, { 'retry-after': 'Sat, 21 Nov 2026 13:06:00 GMT' }, { retryAt: Date.parse('2026-11-21T13:06:00Z') }],
    [503, { 'retry-after': 'soon' }, { retryAt: undefined }],
    [410, {}, { code: 'forbidden', hint: 'Change notices.webhook.url in config.toml.' }],
  ])('answered %d with %j is refused', async (...[status, headers, expected]) => {
    await using receiver = serve(() => new Response('no, for secret-reasons', { status, headers }));
    const problem = await refusalOf(receiver.url);
    expect(problem).toMatchObject({
      ...expected,
      message: expect.stringContaining(`${receiver.host} answered ${status}`),
    });
  });

  test('follows no redirect', async () => {
    await using elsewhere = serve(() => new Response());
    await using receiver = serve(() => Response.redirect(elsewhere.url, 307));
    const { code, message } = await refusalOf(receiver.url);
    expect([code, message]).toEqual([
      'upstream',
      `${receiver.host} answered 307: notices.webhook.url is to be where that leads.`,
    ]);
    expect(elsewhere.got).toEqual([]);
  });

  test('waits no longer than its time for an answer', async () => {
    const gate = Promise.withResolvers<Response>();
    await using receiver = serve(() => gate.promise);
    expect((await refusalOf(receiver.url, { deadlineMs: 20 })).code).toBe('upstream');
    gate.resolve(new Response());
  });

  test('says in words that nobody listens', async () => {
    const receiver = serve(() => new Response());
    await receiver[Symbol.asyncDispose]();
    expect((await refusalOf(receiver.url)).message).toBe(
      `${receiver.host} was not reached: the connection was refused.`,
    );
  });

  test('ends when it is aborted', async () => {
    const [gate, arrived] = [Promise.withResolvers<Response>(), Promise.withResolvers<void>()];
    await using receiver = serve(() => {
      arrived.resolve();
      return gate.promise;
    });
    const abort = new AbortController();
    const telling = channelTo(receiver.url).tell(notice, null, abort.signal);
    await arrived.promise;
    abort.abort();
    await expect(telling).rejects.toThrow();
    gate.resolve(new Response());
  });
});

describe('a webhook’s secret', () => {
  test.each([
    ['whsec_' + Buffer.alloc(24).toString('base64'), [24]],
    [` whsec_${Buffer.alloc(64).toString('base64')}\n`, [64]],
    [`whsec_${Buffer.alloc(32).toString('base64')} whsec_${Buffer.alloc(24, 1).toString('base64')}`, [32, 24]],
  ])('%p has keys of %j bytes', (...[text, lengths]) => {
    expect(parseWebhookSecrets(text).map((key) => key.length)).toEqual(lengths);
  });

  test.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['test-0123456789', 'is not "whsec_"'],
    ['whsec_', 'is not "whsec_"'],
    ['whsec_test-with-dashes!', 'is not "whsec_"'],
    ['whsec_' + Buffer.alloc(23).toString('base64'), 'has 23 bytes'],
    ['whsec_' + Buffer.alloc(65).toString('base64'), 'has 65 bytes'],
  ])('%p is refused: it %s', (...[text, words]) => {
    expect(() => parseWebhookSecrets(text)).toThrow(words);
    try {
      parseWebhookSecrets(text);
    } catch (error) {
      expect(String(error)).not.toContain('AAAA');
    }
  });
});
