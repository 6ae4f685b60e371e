import { afterEach, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import type { Exchange } from './exchange.ts';
import { type HttpServer, startHttpServer } from './server.ts';

let server: HttpServer | undefined;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.stop();
  server?.stop();
});

function serve(handle: (exchange: Exchange) => void): string {
  server = startHttpServer(0, handle);
  return `http://127.0.0.1:${server.port}`;
}

function open(): Socket {
  const socket = connect(server?.port ?? 0, '127.0.0.1');
  sockets.push(socket);
  return socket;
}

/** Sends bytes and reads until the connection ends in either way. */
function exchangeBytes(text: string): Promise<{ received: string; error: string | null }> {
  const socket = open();
  let received = '';
  let error: string | null = null;
  socket.on('data', (bytes) => {
    received += bytes.toString();
  });
  socket.on('error', (problem: NodeJS.ErrnoException) => {
    error = problem.code ?? problem.message;
  });
  socket.write(text);
  return new Promise((resolve) => socket.on('close', () => resolve({ received, error })));
}

describe('http server', () => {
  test('requests on one connection are answered in order', async () => {
    serve((exchange) => exchange.send(200, [], Buffer.from(exchange.request.path)));
    const { received } = await exchangeBytes('GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nconnection: close\r\n\r\n');
    expect(received).toBe(
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n/1HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n/2',
    );
  });

  test('a reset looks like a reset', async () => {
    serve((exchange) => void exchange.cut('reset'));
    const { received, error } = await exchangeBytes('GET / HTTP/1.1\r\n\r\n');
    expect(received).toBe('');
    expect(error).toBe('ECONNRESET');
  });

  test('a cut chunked body keeps its bytes and lacks its end', async () => {
    serve((exchange) => {
      exchange.open(200, [], Buffer.from('abc'));
      void exchange.cut('close');
    });
    const { received } = await exchangeBytes('GET / HTTP/1.1\r\n\r\n');
    expect(received).toBe('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
  });

  test('a client that does not read holds the writer back', async () => {
    const blocked = Promise.withResolvers<number>();
    const done = Promise.withResolvers<void>();
    const piece = Buffer.alloc(256 * 1024, 'x');
    const pieces = 200;
    serve((exchange) => {
      exchange.open(200, []);
      void (async () => {
        for (let count = 0; count < pieces; count += 1) {
          const flushed = exchange.write(piece);
          if (flushed !== undefined) blocked.resolve(count);
          await flushed;
        }
        exchange.end();
        done.resolve();
      })();
    });
    const socket = open();
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nconnection: close\r\n\r\n');
    expect(await blocked.promise).toBeLessThan(pieces - 1);
    let sizeBytes = 0;
    socket.on('data', (bytes) => {
      sizeBytes += bytes.length;
    });
    socket.resume();
    await done.promise;
    await new Promise((resolve) => socket.on('close', resolve));
    expect(sizeBytes).toBeGreaterThan(pieces * piece.length);
  });

  test('a client that leaves is noticed while the answer is open', async () => {
    const aborted = Promise.withResolvers<string>();
    const opened = Promise.withResolvers<void>();
    serve((exchange) => {
      exchange.onClosed(aborted.resolve);
      exchange.open(200, [], Buffer.from('a'));
      opened.resolve();
    });
    const socket = open();
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await opened.promise;
    socket.destroy();
    expect(await aborted.promise).toBe('aborted');
  });

  test('a body larger than the socket buffers arrives whole', async () => {
    const url = serve((exchange) => exchange.send(200, [], exchange.request.body));
    const body = Buffer.alloc(8 * 1024 * 1024, 'y');
    const response = await fetch(url, { method: 'POST', body });
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  });

  test('bytes that are no request end the connection with 400', async () => {
    serve((exchange) => exchange.send(200, [], Buffer.from('never')));
    const { received } = await exchangeBytes('nonsense\r\n\r\n');
    expect(received).toStartWith('HTTP/1.1 400 Bad Request');
  });
});
