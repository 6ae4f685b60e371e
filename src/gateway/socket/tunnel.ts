import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const longestHeadBytes = 16 * 1024;

/** A connection to the host of `url` through a proxy, encrypted where the URL is. Throws when the proxy refuses. */
export async function openTunnel(proxy: URL, url: URL, client: AbortSignal): Promise<Socket> {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const socket = connectTo(proxy);
  const cut = (): void => void socket.destroy();
  client.addEventListener('abort', cut, { once: true });
  try {
    await askForTunnel(socket, `${url.hostname}:${port}`, proxy);
    return url.protocol === 'https:' ? await encrypt(socket, url.hostname) : socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    client.removeEventListener('abort', cut);
  }
}

function connectTo(proxy: URL): Socket {
  const encrypted = proxy.protocol === 'https:';
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const port = Number(proxy.port || (encrypted ? 443 : 80));
  return encrypted ? connectTls({ host, port, servername: host }) : connect({ host, port });
}

function askForTunnel(socket: Socket, target: string, proxy: URL): Promise<void> {
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  if (proxy.username !== '') {
    const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    lines.push(`Proxy-Authorization: Basic ${Buffer.from(login).toString('base64')}`);
  }
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return new Promise((resolve, reject) => {
    let head = '';
    const fail = (error?: Error): void => reject(error ?? new Error('the proxy closed the connection'));
    const closed = (): void => fail();
    // The host speaks only when it is spoken to: nothing follows the proxy's answer.
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n') && head.length <= longestHeadBytes) return;
      socket.off('data', read).off('error', fail).off('close', closed).pause();
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
      if (status?.startsWith('2') === true) resolve();
      else fail(new Error(`the proxy answered ${status === undefined ? 'no HTTP' : `HTTP ${status}`}`));
    };
    socket.on('data', read).once('error', fail).once('close', closed);
  });
}

function encrypt(socket: Socket, servername: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const encrypted = connectTls({ socket, servername, ALPNProtocols: ['http/1.1'] });
    encrypted.once('secureConnect', () => resolve(encrypted)).once('error', reject);
  });
}
