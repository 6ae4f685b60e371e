import { describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { bodyOf, errorOf, issuePhantomOf, readAll, secretOf, startRig } from '../../test/gateway-rig.ts';
import { issuePhantom, revokePhantom } from '../book/phantoms.ts';
import { removePool, savePool } from '../book/roster.ts';
import { asProviderId } from '../core/ids.ts';
import { dayMs } from '../core/time.ts';

describe('the phantom', () => {
  test('is required, and a request without it reaches nobody', async () => {
    await using rig = await startRig();
    const response = await rig.ask({ token: null });
    expect({ status: response.status, type: response.headers.get('content-type') }).toEqual({
      status: 401,
      type: 'application/json',
    });
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type: 'authentication_error', message: expect.stringContaining('stint claude') },
    });
    expect(rig.simulator.requests).toEqual([]);
  });

  test.each<[string, Record<string, string>]>([
    ['unknown', { authorization: 'Bearer stint-AAAAAAAAAAAAAAAAAAAAAA' }],
    ['empty', { authorization: 'Bearer ' }],
    ['of another scheme', { authorization: 'Basic c3RpbnQ6c3RpbnQ=' }],
    ['a real secret of an account', { authorization: `Bearer ${secretOf('a')}` }],
    ['a real secret as a key', { 'x-api-key': secretOf('a') }],
  ])('that is %s is refused', async (...[, headers]) => {
    await using rig = await startRig();
    const response = await rig.ask({ token: null, headers });
    expect(response.status).toBe(401);
    expect((await errorOf(response)).type).toBe('authentication_error');
    expect(rig.simulator.requests).toEqual([]);
  });

  test('that is refused leaves a line in the log, without its token', async () => {
    await using rig = await startRig();
    await rig.ask({ token: 'stint-AAAAAAAAAAAAAAAAAAAAAA' });
    expect(rig.refusals).toEqual([
      { provider: 'anthropic', method: 'POST', path: '/v1/messages', code: 'unauthorized' },
    ]);
  });

  test('may come as a bearer token or as a key', async () => {
    await using rig = await startRig();
    expect((await rig.ask()).status).toBe(200);
    expect((await rig.ask({ token: null, headers: { 'x-api-key': rig.token } })).status).toBe(200);
  });

  test('of another provider is refused', async () => {
    await using rig = await startRig();
    const wish = { provider: asProviderId('openai'), pool: labelFrom('anthropic'), origin: 'env' as const, holdMs: 0 };
    const { token } = await issuePhantom(rig.book, wish);
    expect((await rig.ask({ token })).status).toBe(401);
  });

  test('is refused once its pool is removed, whatever pool has that name later', async () => {
    await using rig = await startRig();
    const pool = labelFrom('anthropic');
    await removePool(rig.book, pool);
    expect((await rig.ask()).status).toBe(401);
    await savePool(rig.book, buildPool([idOf('a')], { name: pool }));
    expect((await rig.ask()).status).toBe(401);
  });

  test('is refused once it is revoked', async () => {
    await using rig = await startRig();
    const { token, phantom } = await issuePhantomOf(rig.book, 0);
    expect((await rig.ask({ token })).status).toBe(200);
    await revokePhantom(rig.book, phantom.id);
    expect((await rig.ask({ token })).status).toBe(401);
  });

  test('is refused once it has expired', async () => {
    await using rig = await startRig();
    const wish = {
      provider: asProviderId('anthropic'),
      pool: labelFrom('anthropic'),
      origin: 'env' as const,
      holdMs: 0,
    };
    const { token } = await issuePhantom(rig.book, wish);
    rig.advance(30 * dayMs - 60_000);
    expect((await rig.ask({ token })).status).toBe(200);
    rig.advance(60_000);
    expect((await rig.ask({ token })).status).toBe(401);
  });
});

describe('the allow-list', () => {
  test.each([
    ['POST', '/v1/messages'],
    ['POST', '/v1/messages?beta=true'],
    ['POST', '/v1/messages/count_tokens?beta=true'],
    ['GET', '/v1/models'],
    ['GET', '/v1/models?limit=10'],
    ['GET', '/v1/models/claude-sonnet-4-5'],
  ])('passes %s %s on', async (method, path) => {
    await using rig = await startRig();
    const response = await rig.ask({ method, path });
    expect(response.status).toBe(200);
    expect(
      rig.simulator.requests.map((seen) => `${seen.method} ${seen.path}${seen.query && `?${seen.query}`}`),
    ).toEqual([`${method} ${path}`]);
  });

  test.each([
    ['GET', '/v1/messages'],
    ['POST', '/v1/models'],
    ['POST', '/v1/messages/batches'],
    ['POST', '/v1/messages/'],
    ['POST', '/v1/complete'],
    ['DELETE', '/v1/models/claude-sonnet-4-5'],
    ['GET', '/v1/models/..%2fmessages'],
    ['GET', '/v1/organizations/usage'],
    ['GET', '/__simulator/requests'],
    ['GET', '/'],
  ])('answers %s %s with the provider’s own 404', async (method, path) => {
    await using rig = await startRig();
    const response = await rig.ask({ method, path });
    expect(response.status).toBe(404);
    expect((await errorOf(response)).type).toBe('not_found_error');
    expect(rig.simulator.requests).toEqual([]);
  });

  test('a path outside of a provider is not found', async () => {
    await using rig = await startRig();
    for (const path of ['/', '/v1/messages', '/anthropics/v1/messages', '/google/v1beta/models']) {
      const response = await fetch(`http://127.0.0.1:${rig.port}${path}`, { headers: { 'x-api-key': rig.token } });
      expect(response.status).toBe(404);
    }
    expect(rig.simulator.requests).toEqual([]);
  });

  test('HEAD of the base URL is answered here, without a phantom', async () => {
    await using rig = await startRig();
    for (const path of ['', '/']) {
      expect((await rig.ask({ method: 'HEAD', path, token: null })).status).toBe(200);
    }
    expect(rig.simulator.requests).toEqual([]);
  });
});

describe('the size of a request', () => {
  const settings = { bodyLimitBytes: 4096, bodiesInFlightBytes: 8192 };

  test.each([
    ['by its length', (bytes: Uint8Array<ArrayBuffer>) => bytes],
    ['as it comes in', piecewise],
  ])('over the limit is refused %s with 413, and the limit itself passes', async (...[, form]) => {
    await using rig = await startRig({ settings });
    const over = await rig.ask({ body: form(padded(4097)) });
    expect(over.status).toBe(413);
    expect((await errorOf(over)).type).toBe('request_too_large');
    expect(rig.simulator.requests).toEqual([]);
    expect((await rig.ask({ body: form(padded(4096)) })).status).toBe(200);
  });

  test('in all is bounded: what is too much gets 503 with Retry-After until one has gone', async () => {
    await using rig = await startRig({ settings: { bodyLimitBytes: 6000, bodiesInFlightBytes: 8192 } });
    rig.simulator.inject({ kind: 'hang_before_head' });
    const leave = new AbortController();
    const arrived = rig.simulator.nextRequest();
    const first = rig.ask({ body: padded(5000), signal: leave.signal }).catch(() => 'aborted');
    await arrived;
    for (const body of [padded(5000), piecewise(padded(5000))]) {
      const refused = await rig.ask({ body });
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('2');
      expect((await errorOf(refused)).type).toBe('api_error');
    }
    expect((await rig.ask({ body: padded(3000) })).status).toBe(200);
    const ended = rig.nextRecord();
    leave.abort();
    await Promise.all([first, ended]);
    expect((await rig.ask({ body: padded(5000) })).status).toBe(200);
  });

  test('is no longer counted once its answer has begun', async () => {
    await using rig = await startRig({ settings: { bodyLimitBytes: 6000, bodiesInFlightBytes: 8192 } });
    rig.simulator.inject({ kind: 'stall_mid' });
    const open = await rig.ask({ body: padded(5000, true) });
    expect((await rig.ask({ body: padded(5000) })).status).toBe(200);
    await open.body?.cancel();
  });

  test('of 64 MiB passes through whole', async () => {
    await using rig = await startRig();
    const response = await rig.ask({ body: padded(64 * 1024 * 1024) });
    // The simulator, like Anthropic, refuses over 32 MiB: it has read all of it to say so.
    expect(response.status).toBe(413);
    expect(response.headers.get('stint-account')).toBe('anthropic/a');
    expect((await rig.ask({ body: padded(64 * 1024 * 1024 + 1) })).headers.get('stint-account')).toBeNull();
  });

  test('that is announced and never sent costs nothing once the client is gone', async () => {
    await using rig = await startRig({ settings });
    const head = `POST /anthropic/v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${rig.token}\r\ncontent-length: 4000\r\n\r\n{`;
    for (let turn = 0; turn < 4; turn += 1) await sendAndLeave(rig.port, head);
    expect((await readAll(await rig.ask())).broken).toBe(false);
    expect(
      (await Promise.all([padded(4000), padded(4000)].map((body) => rig.ask({ body })))).map(({ status }) => status),
    ).toEqual([200, 200]);
  });
});

/** A request of exactly this size. */
function padded(sizeBytes: number, stream = false): Uint8Array<ArrayBuffer> {
  const body = bodyOf({ prompt: '', stream });
  return new TextEncoder().encode(body.replace('"content":""', `"content":"${'x'.repeat(sizeBytes - body.length)}"`));
}

/** A body of unknown length, which makes the client send it in chunks. */
function piecewise(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += 1000)));
      else controller.close();
    },
  });
}

function sendAndLeave(port: number, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, () => socket.resetAndDestroy()));
    socket.on('close', () => resolve());
  });
}
