import { describe, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { listenHttp } from '../../test/gateway-rig.ts';
import { startVendorRig } from '../../test/vendor-rig.ts';

const used = (reason: string) => ({
  error: {
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
    message: 'Für dieses Modell ist nichts mehr übrig.',
    details: [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '11525s' },
    ],
  },
});
const half = { candidates: [{ content: { parts: [{ text: 'halb fünf' }] } }] };
const event = (data: object) => `data: ${JSON.stringify(data)}\r\n\r\n`;

/** Asks Google's door for what `verb` does of an upstream that always answers the same. */
async function ask(
  verb: string,
  answer: { status: number; type: string; body: Uint8Array | string; encoding?: string },
) {
  await using upstream = await listenHttp((_, response) => {
    const { encoding } = answer;
    response.writeHead(answer.status, {
      'content-type': answer.type,
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    });
    response.end(answer.body);
  });
  await using rig = await startVendorRig('google', { upstreamUrl: upstream.url });
  const response = await fetch(`${rig.url}/v1beta/models/gemini-2.5-pro:${verb}`, {
    method: 'POST',
    headers: { 'x-goog-api-key': rig.token, 'accept-encoding': 'gzip' },
    body: '{"contents":[]}',
  });
  return { status: response.status, text: await response.text() };
}

describe('an error of Google that reaches its client', () => {
  const capacity = JSON.stringify(used('MODEL_CAPACITY_EXHAUSTED'));
  const paced = JSON.parse(capacity.replace('11525s', '60s')) as object;

  test('tells of no wait beyond a minute where every account lacks capacity', async () => {
    const { status, text } = await ask('generateContent', { status: 429, type: 'application/json', body: capacity });
    expect([status, JSON.parse(text)]).toEqual([429, paced]);
  });

  test('nor does one that came compressed', async () => {
    const body = gzipSync(capacity);
    const { text } = await ask('generateContent', { status: 429, type: 'application/json', body, encoding: 'gzip' });
    expect(JSON.parse(text)).toEqual(paced);
  });

  test('nor does one inside 200', async () => {
    const { text } = await ask('generateContent', { status: 200, type: 'application/json', body: capacity });
    expect(JSON.parse(text)).toEqual(paced);
  });

  test('nor does one that is all of a stream', async () => {
    const body = `data: ${capacity}\r\n\r\n`;
    const { text } = await ask('streamGenerateContent?alt=sse', { status: 200, type: 'text/event-stream', body });
    expect(text).toBe(event(paced));
  });

  test('says nothing of a used up quota to who counts tokens: another account may be open', async () => {
    const body = JSON.stringify(used('QUOTA_EXHAUSTED'));
    const { status, text } = await ask('countTokens', { status: 429, type: 'application/json', body });
    expect(status).toBe(429);
    expect(text).not.toMatch(/QUOTA_EXHAUSTED|11525/);
  });

  test('nor in the middle of a stream, whose words stay as they are', async () => {
    const body = event(half) + event(used('QUOTA_EXHAUSTED'));
    const { text } = await ask('streamGenerateContent?alt=sse', { status: 200, type: 'text/event-stream', body });
    expect(text).toStartWith(event(half));
    expect(text).toContain('nichts mehr übrig');
    expect(text).not.toMatch(/QUOTA_EXHAUSTED|11525/);
  });
});

test('a wait of hours inside a stream of OpenAI reaches Codex as a minute', async () => {
  const says = (wait: string) => ({
    type: 'response.failed',
    response: { error: { code: 'rate_limit_exceeded', message: `Please try again in ${wait}.` } },
  });
  const delta = { type: 'response.output_text.delta', delta: 'x' };
  const stream = (wait: string) =>
    [delta, says(wait)].map((each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`).join('');
  await using upstream = await listenHttp((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(stream('7200s'));
  });
  await using rig = await startVendorRig('openai key', { upstreamUrl: upstream.url });
  const response = await fetch(`${rig.url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.token}` },
    body: '{"model":"m","stream":true,"input":"hi"}',
  });
  expect(await response.text()).toBe(stream('60s'));
});
