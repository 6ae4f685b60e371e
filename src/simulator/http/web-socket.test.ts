import { afterEach, describe, expect, test } from 'bun:test';
import { type HttpServer, startHttpServer } from './server.ts';
import { acceptWebSocket, asksForWebSocket } from './web-socket.ts';
import { renderFrame, opcodes } from './web-socket-frame.ts';

const servers: HttpServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.stop();
});

/** Gives every text back. */
function startEcho(): number {
  const server = startHttpServer(0, (exchange) => {
    if (!asksForWebSocket(exchange.request)) exchange.send(426, [], new Uint8Array());
    else acceptWebSocket(exchange, [['x-from', 'server']], (text, socket) => void socket.sendText(`${text}!`));
  });
  servers.push(server);
  return server.port;
}

function open(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket));
    socket.addEventListener('error', reject);
  });
}

const messageOf = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true }));
const closeOf = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.addEventListener('close', ({ code }) => resolve(code), { once: true }));

describe('a WebSocket on the simulator server', () => {
  test('texts go both ways, and a close is answered', async () => {
    const socket = await open(startEcho());
    for (const text of ['größer', 'x'.repeat(70_000)]) {
      const answer = messageOf(socket);
      socket.send(text);
      expect(await answer).toBe(`${text}!`);
    }
    const closed = closeOf(socket);
    socket.close(1000);
    expect(await closed).toBe(1000);
  });

  test('fragments are one text, a ping between them is answered, and nonsense ends the connection', async () => {
    const received: Buffer[] = [];
    const port = startEcho();
    const done = Promise.withResolvers<void>();
    const client = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_, bytes) => void received.push(Buffer.from(bytes)),
        close: () => done.resolve(),
      },
    });
    const masked = (first: number, text: string): Buffer =>
      Buffer.from([first, 0x80 | text.length, 0, 0, 0, 0, ...Buffer.from(text)]);
    const upgrade =
      'GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    // In one write: frames may come with the head that asks for them.
    client.write(Buffer.concat([Buffer.from(upgrade), masked(0x01, 'he'), masked(0x89, 'x'), masked(0x80, 'llo')]));
    client.write(renderFrame(opcodes.text, Buffer.from('without a mask')));
    await done.promise;
    const text = Buffer.concat(received).toString('latin1');
    expect(text).toContain('sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(text).toContain('x-from: server');
    expect(text).toContain('hello!');
    expect(Buffer.concat(received).includes(renderFrame(opcodes.pong, Buffer.from('x')))).toBe(true);
    expect(text).toContain('a client masks its frames');
  });

  test('who does not ask for one gets plain HTTP', async () => {
    expect((await fetch(`http://127.0.0.1:${startEcho()}/`)).status).toBe(426);
  });
});
