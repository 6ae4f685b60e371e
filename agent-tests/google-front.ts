import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { runCommand } from '../test/run-command.ts';

/** A proxy that ends the TLS of every host and leads to a simulator, as the proxy of a company does. */
export type GoogleFront = AsyncDisposable & {
  readonly proxyUrl: string;
  /** The certificate that its clients have to trust. */
  readonly caFile: string;
};

/** The hosts that Gemini CLI 0.61.0 asks with a Google login. */
const hosts = ['cloudcode-pa.googleapis.com', 'oauth2.googleapis.com', 'www.googleapis.com', 'play.googleapis.com'];

/** A genuine Google login asks Google's own hosts, whatever endpoint the CLI is given. */
export async function startGoogleFront(simulatorPort: number, folder: string): Promise<GoogleFront> {
  const sockets = new Set<Socket>();
  const { caFile, ...certificate } = await makeCertificate(folder);
  const inside = createTlsServer(certificate, (client) => couple(sockets, client, connect(simulatorPort, '127.0.0.1')));
  const insidePort = await listen(inside);
  const proxy = createServer((client) => {
    client.once('data', (head) => {
      if (!head.toString().startsWith('CONNECT ')) return client.end('HTTP/1.1 405 Method Not Allowed\r\n\r\n');
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      return couple(sockets, client, connect(insidePort, '127.0.0.1'));
    });
    client.on('error', () => client.destroy());
  });
  const proxyPort = await listen(proxy);
  return {
    proxyUrl: `http://127.0.0.1:${proxyPort}`,
    caFile,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([inside, proxy].map(stop));
    },
  };
}

function couple(sockets: Set<Socket>, client: Socket, upstream: Socket): void {
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    sockets.add(one);
    one.pipe(other);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      sockets.delete(one);
      other.destroy();
    });
  }
}

async function makeCertificate(folder: string): Promise<{ key: string; cert: string; caFile: string }> {
  const [keyFile, caFile] = [join(folder, 'front-key.pem'), join(folder, 'front-ca.pem')];
  const names = hosts.map((host) => `DNS:${host}`).join(',');
  const subject = ['-subj', '/CN=googleapis.com', '-addext', `subjectAltName=${names}`];
  const made = await runCommand(
    [
      ...['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
      ...[...subject, '-keyout', keyFile, '-out', caFile],
    ],
    { cwd: folder },
  );
  if (made.code !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  return { key: await readFile(keyFile, 'utf8'), cert: await readFile(caFile, 'utf8'), caFile };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
