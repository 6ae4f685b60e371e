import { describe, expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { bodyOf, listenHttp, readAll, secretOf, startRig } from '../../test/gateway-rig.ts';
import { decodeBody } from '../lib/decode.ts';

describe('a request on its way up', () => {
  test('keeps its body byte for byte', async () => {
    await using rig = await startRig();
    const text = bodyOf({ prompt: 'snow ☃ \\u2603 \\/ 1.0e2' }).replace('{', '{ "z" : 1.0,\r\n\t"a":0.10 ,');
    const body = new TextEncoder().encode(text);
    expect((await rig.ask({ body })).status).toBe(200);
    expect(rig.simulator.requests[0]?.bodySha256).toBe(createHash('sha256').update(body).digest('hex'));
  });

  test('keeps a body that is no JSON, whatever its encoding', async () => {
    const seen: Buffer[] = [];
    const framing: (string | undefined)[] = [];
    await using upstream = await listenHttp((request, response) => {
      framing.push(request.headers['transfer-encoding'], request.headers['content-length']);
      void bytesOf(request).then((bytes) => {
        seen.push(bytes);
        response.end('{"type":"message"}');
      });
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    const bodies = [
      Buffer.from(randomBytes(100_000)),
      Buffer.from(gzipSync(bodyOf({}))),
      Buffer.from('\0'),
      Buffer.alloc(0),
    ];
    for (const body of bodies) expect((await rig.ask({ body })).status).toBe(200);
    expect(seen.map((bytes, index) => bytes.equals(bodies[index] as Buffer))).toEqual([true, true, true, true]);
    // A large body goes up as a stream, framed as if it did not.
    expect(framing).toEqual(bodies.flatMap((body) => [undefined, String(body.length)]));
  });

  test('keeps the client’s own headers and loses those of its connection, its cookies and its phantom', async () => {
    const seen: IncomingHttpHeaders[] = [];
    let raw = '';
    await using upstream = await listenHttp((request, response) => {
      seen.push(request.headers);
      raw += `${request.url}\n${request.rawHeaders.join('\n')}`;
      response.end('{"type":"message"}');
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    await rawAsk(rig, {
      'user-agent': 'claude-cli/2.1.197 (external, cli)',
      'x-app': 'cli',
      'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
      'anthropic-version': '2023-06-01',
      'x-stainless-retry-count': '0',
      accept: 'application/json',
      'accept-encoding': 'gzip, br',
      'x-claude-code-session-id': 'one',
      connection: 'x-hop, keep-alive',
      'x-hop': 'mine',
      'keep-alive': 'timeout=5',
      te: 'trailers',
      'proxy-authorization': 'Basic Zm9v',
      'proxy-connection': 'keep-alive',
      cookie: 'session=1',
      'x-api-key': rig.token,
      'anthropic-organization-id': 'org-of-another-account',
    });
    expect(seen[0]).toMatchObject({
      'user-agent': 'claude-cli/2.1.197 (external, cli)',
      'x-app': 'cli',
      'anthropic-version': '2023-06-01',
      'x-stainless-retry-count': '0',
      accept: 'application/json',
      'accept-encoding': 'gzip, br',
      'x-claude-code-session-id': 'one',
      'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14,oauth-2025-04-20',
      authorization: `Bearer ${secretOf('a')}`,
      host: new URL(upstream.url).host,
    });
    const names = [
      'x-hop',
      'keep-alive',
      'te',
      'proxy-authorization',
      'proxy-connection',
      'cookie',
      'x-api-key',
      'expect',
    ];
    expect(names.filter((name) => name in (seen[0] ?? {}))).toEqual([]);
    expect(seen[0]?.['anthropic-organization-id']).toBeUndefined();
    expect(raw).not.toContain(rig.token);
  });

  test('of a client that cannot decode asks for nothing encoded', async () => {
    const seen: IncomingHttpHeaders[] = [];
    await using upstream = await listenHttp((request, response) => {
      seen.push(request.headers);
      response.end('{"type":"message"}');
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    await rawAsk(rig, { 'x-api-key': rig.token });
    expect(seen.map((headers) => headers['accept-encoding'])).toEqual(['identity']);
  });

  test('carries a key as a key, without the beta of tokens', async () => {
    const seen: IncomingHttpHeaders[] = [];
    await using upstream = await listenHttp((request, response) => {
      seen.push(request.headers);
      response.end('{"type":"message"}');
    });
    await using rig = await startRig({ upstreamUrl: upstream.url, kind: 'api-key' });
    await rig.ask({ headers: { 'anthropic-beta': 'oauth-2025-04-20,context-1m-2025-08-07' } });
    await rig.ask({ headers: { 'anthropic-beta': 'oauth-2025-04-20' } });
    expect(seen.map((headers) => headers['x-api-key'])).toEqual([secretOf('a', 'api-key'), secretOf('a', 'api-key')]);
    expect(seen.map((headers) => headers.authorization)).toEqual([undefined, undefined]);
    expect(seen.map((headers) => headers['anthropic-beta'])).toEqual(['context-1m-2025-08-07', undefined]);
  });

  test('goes below the path of the account’s base URL', async () => {
    const paths: (string | undefined)[] = [];
    await using upstream = await listenHttp((request, response) => {
      paths.push(request.url);
      response.end('{"type":"message"}');
    });
    await using rig = await startRig({ upstreamUrl: `${upstream.url}/vendor/anthropic` });
    await rig.ask({ path: '/v1/messages?beta=true&x=%2F..%2f' });
    expect(paths).toEqual(['/vendor/anthropic/v1/messages?beta=true&x=%2F..%2f']);
  });
});

describe('an answer on its way down', () => {
  test('keeps its headers and loses those of its connection and its cookies', async () => {
    await using upstream = await listenHttp((_, response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'request-id': 'req_1',
        'anthropic-ratelimit-unified-status': 'allowed',
        'set-cookie': ['__cf_bm=1; HttpOnly', 'b=2'],
        connection: 'x-hop',
        'x-hop': 'theirs',
        'alt-svc': 'h3=":443"',
      });
      response.end('{"type":"message"}');
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    const response = await rig.ask();
    expect(response.headers.get('request-id')).toBe('req_1');
    expect(response.headers.get('anthropic-ratelimit-unified-status')).toBe('allowed');
    for (const name of ['set-cookie', 'x-hop', 'alt-svc']) expect(response.headers.get(name)).toBeNull();
    expect(response.headers.get('content-length')).toBe('18');
    expect(await response.text()).toBe('{"type":"message"}');
  });

  test('is the same bytes as without a gateway, streamed and not', async () => {
    await using rig = await startRig({ accounts: ['a'] });
    for (const stream of [false, true]) {
      const through = await (await rig.ask({ stream, prompt: '[[words:500]]' })).text();
      const headers = {
        authorization: `Bearer ${secretOf('a')}`,
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'oauth-2025-04-20',
      };
      const body = bodyOf({ stream, prompt: '[[words:500]]' });
      const direct = await fetch(`${rig.simulator.url}/v1/messages`, { method: 'POST', headers, body });
      expect(withoutId(through)).toBe(withoutId(await direct.text()));
    }
  });

  test.each(['gzip', 'br', 'zstd', 'deflate'] as const)(
    'that is an error in %s is read, and passed on untouched to a client that asked for it',
    async (encoding) => {
      await using rig = await startRig({ accounts: ['a'] });
      rig.simulator.inject({ kind: 'invalid_request', encoding });
      const refused = await rig.ask({ headers: { 'accept-encoding': encoding } });
      expect({ status: refused.status, encoding: refused.headers.get('content-encoding') }).toEqual({
        status: 400,
        encoding,
      });
      const text = (await decodeBody(await refused.bytes(), encoding))?.toString();
      expect(JSON.parse(text ?? '')).toMatchObject({ error: { message: 'max_tokens: Field required' } });
      rig.simulator.inject({ kind: 'low_credit', encoding });
      expect((await rig.ask()).status).toBe(400);
      expect([...(rig.book.state.accounts.values().next().value?.limits.keys() ?? [])]).toEqual(['credits|*|closed']);
    },
  );

  test.each(['identity', 'br, identity;q=0.5', ''])(
    'that is an error in gzip is decoded for a client that asked for %p',
    async (asked) => {
      await using rig = await startRig({ accounts: ['a'] });
      rig.simulator.inject({ kind: 'invalid_request', encoding: 'gzip' });
      const refused = await rig.ask({ headers: { 'accept-encoding': asked } });
      expect([refused.status, refused.headers.get('content-encoding')]).toEqual([400, null]);
      expect(await refused.json()).toMatchObject({ error: { message: 'max_tokens: Field required' } });
    },
  );

  test('that is a stream in gzip is served decoded', async () => {
    await using rig = await startRig();
    const plain = await (await rig.ask({ stream: true })).text();
    await using upstream = await listenHttp((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
      response.end(gzipSync(plain));
    });
    await using zipped = await startRig({ upstreamUrl: upstream.url });
    const response = await zipped.ask({ stream: true, headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await readAll(response)).toEqual({ text: plain, broken: false });
  });

  test('that is a redirect is followed by nobody', async () => {
    const elsewhere: string[] = [];
    await using other = await listenHttp((request, response) => {
      elsewhere.push(request.url ?? '');
      response.end('{"type":"message"}');
    });
    await using upstream = await listenHttp((_, response) => {
      response.writeHead(307, { location: `${other.url}/stolen` });
      response.end();
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    const response = await rig.ask();
    expect(response.status).toBe(502);
    expect(response.headers.get('location')).toBeNull();
    expect(elsewhere).toEqual([]);
  });

  test('never repeats a secret that the provider repeats in its head', async () => {
    await using rig = await startRig();
    for (const kind of ['invalid_bearer', 'five_hour'] as const) rig.simulator.inject({ kind });
    const response = await rig.ask();
    const all = JSON.stringify([...response.headers]) + (await response.text()) + JSON.stringify(rig.records);
    for (const label of ['a', 'b']) expect(all).not.toContain(secretOf(label));
  });
});

/** Sends by node:http, which lets a client set the headers of its connection. */
function rawAsk(rig: { url: string; token: string }, headers: Record<string, string>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${rig.url}/v1/messages?beta=true`, { method: 'POST', headers }, (response) => {
      bytesOf(response).then(resolve, reject);
    });
    request.on('error', reject);
    request.end(bodyOf({}));
  });
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function withoutId(text: string): string {
  return text.replaceAll(/msg_[0-9a-f]+/g, 'msg');
}
