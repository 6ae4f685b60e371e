// A WebSocket to a provider over the ways there are: encrypted, through a proxy, both.
import { describe, expect, test } from 'bun:test';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { openaiId } from '../../../test/socket-rig.ts';
import { makeCertificate } from '../../../test/certificate.ts';
import { temporaryFolder } from '../../../test/temp-folder.ts';
import { Deadlines } from '../deadline.ts';
import { connect, type ConnectDeps } from './connect.ts';
import { proxyRulesOf } from './proxy.ts';

/** Answers every message with `echo` and what came. */
async function listen(folder: string | null) {
  const tls = folder === null ? undefined : await makeCertificate(folder);
  const server = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0, ...(tls === undefined ? {} : { tls }) },
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response('no', { status: 400 })),
    websocket: { message: (client, message) => void client.send(`echo ${String(message)}`) },
  });
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${server.port}/v1/responses`,
    tls: tls === undefined ? undefined : { ca: tls.cert },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** A proxy that knows CONNECT; `answer` replaces its consent, null for silence. */
async function listenProxy(answer: string | null = 'HTTP/1.1 200 Connection established\r\n\r\n') {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    client.once('data', (head: Buffer) => {
      heads.push(head.toString('latin1'));
      if (answer === null) return;
      client.write(answer);
      const [host = '', port = ''] = /^CONNECT ([^ ]+)/.exec(head.toString('latin1'))?.[1]?.split(':') ?? [];
      if (!answer.includes(' 200 ')) return void client.end();
      const target = connectTcp(Number(port), host);
      sockets.add(target);
      target.on('error', () => undefined);
      client.pipe(target).pipe(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://user:p%40ss@127.0.0.1:${port}`,
    heads,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

async function echo(url: string, more: Partial<ConnectDeps>): Promise<string> {
  using deadlines = watching();
  const connected = await connect(
    {
      deadlines: deadlines.all,
      clock: Date.now,
      timeoutMs: 10_000,
      maxPayloadBytes: 1e6,
      proxy: null,
      tls: undefined,
      ...more,
    },
    { account: openaiId('a'), url, headers: new Headers(), client: new AbortController().signal },
  );
  if (connected.kind === 'refused') return `refused ${connected.status}`;
  const { upstream } = connected;
  const answer = new Promise<string>((resolve) =>
    upstream.listen({ message: (data) => resolve(String(data)), closed: () => resolve('closed') }),
  );
  upstream.send('hello');
  const text = await answer;
  upstream.abort();
  return text;
}

function watching() {
  const all = new Deadlines(Date.now);
  all.start();
  return { all, [Symbol.dispose]: () => all.stop() };
}

describe('a provider', () => {
  test('with a certificate of one’s own network is reached where that is trusted, and only there', async () => {
    using folder = temporaryFolder();
    await using upstream = await listen(folder.path);
    expect(await echo(upstream.url, { tls: upstream.tls })).toBe('echo hello');
    await expect(echo(upstream.url, {})).rejects.toThrow('its certificate is not trusted');
  });

  test('that refuses is let go of, though it would keep the connection', async () => {
    const body = 'no';
    const server = createServer((client) => {
      client.once('data', () => client.write(`HTTP/1.1 429 No\r\ncontent-length: ${body.length}\r\n\r\n${body}`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const closed = new Promise<void>((resolve) => {
      server.once('connection', (client: Socket) =>
        client.once('close', () => resolve()).once('error', () => undefined),
      );
    });
    const { port } = server.address() as AddressInfo;
    expect(await echo(`http://127.0.0.1:${port}/`, {})).toBe('refused 429');
    await closed;
    await new Promise((resolve) => server.close(resolve));
  });

  test('is reached through the proxy, encrypted from end to end', async () => {
    using folder = temporaryFolder();
    await using upstream = await listen(folder.path);
    await using proxy = await listenProxy();
    const rules = proxyRulesOf({ HTTPS_PROXY: proxy.url });
    expect(await echo(upstream.url, { proxy: rules, tls: upstream.tls })).toBe('echo hello');
    const [head = ''] = proxy.heads;
    expect(head).toStartWith(`CONNECT ${new URL(upstream.url).host} HTTP/1.1\r\n`);
    expect(head).toContain(`Proxy-Authorization: Basic ${Buffer.from('user:p@ss').toString('base64')}\r\n`);
    await expect(echo(upstream.url, { proxy: rules })).rejects.toThrow('its certificate is not trusted');
  });

  test('without encryption is reached through the proxy as well, and past it where NO_PROXY says so', async () => {
    await using upstream = await listen(null);
    await using proxy = await listenProxy();
    expect(await echo(upstream.url, { proxy: proxyRulesOf({ HTTP_PROXY: proxy.url }) })).toBe('echo hello');
    const direct = proxyRulesOf({ HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' });
    expect(await echo(upstream.url, { proxy: direct })).toBe('echo hello');
    expect(proxy.heads).toHaveLength(1);
  });

  test.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'the proxy answered HTTP 407'],
    ['SSH-2.0-nothing\r\n\r\n', 'the proxy answered no HTTP'],
  ])('behind a proxy that says %p is not reached: %s', async (answer, told) => {
    await using upstream = await listen(null);
    await using proxy = await listenProxy(answer);
    await expect(echo(upstream.url, { proxy: proxyRulesOf({ HTTP_PROXY: proxy.url }) })).rejects.toThrow(told);
  });

  test('behind a proxy that says nothing is given up in time', async () => {
    await using upstream = await listen(null);
    await using proxy = await listenProxy(null);
    const way = { proxy: proxyRulesOf({ HTTP_PROXY: proxy.url }), timeoutMs: 1 };
    await expect(echo(upstream.url, way)).rejects.toThrow('no answer within the time allowed');
  });
});
