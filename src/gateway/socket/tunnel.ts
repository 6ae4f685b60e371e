import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const longestHeadBytes = 16 * 1024;

type Way = { readonly proxy: URL; readonly url: URL; readonly tls: { readonly ca: string } | undefined };

/** A connection to the host of `url` through a proxy, encrypted where the URL is. Throws when the proxy refuses. */
export async function openTunnel({ proxy, url, tls }: Way, client: AbortSignal): Promise<Socket> {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const socket = connectTo(proxy, tls);
  // Stays: an error of a connection that nobody listens for ends the process.
  socket.on('error', () => undefined);
  const cut = (): void => void socket.destroy();
  client.addEventListener('abort', cut, { once: true });
  try {
    await askForTunnel(socket, `${url.hostname}:${port}`, proxy);
    return url.protocol === 'https:' ? await encrypt(socket, url.hostname.replace(/^\[|\]$/g, ''), tls) : socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    client.removeEventListener('abort', cut);
  }
}

function connectTo(proxy: URL, tls: Way['tls']): Socket {
  const encrypted = proxy.protocol === 'https:';
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const port = Number(proxy.port || (encrypted ? 443 : 80));
  return encrypted ? connectTls({ host, port, ...serverName(host), ...tls }) : connect({ host, port });
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
      socket.off('data', read).off('error', fail).off('close', closed);
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
      if (status?.startsWith('2') === true) resolve();
      else fail(new Error(`the proxy answered ${status === undefined ? 'no HTTP' : `HTTP ${status}`}`));
    };
    socket.on('data', read).once('error', fail).once('close', closed);
  });
}

function encrypt(socket: Socket, host: string, tls: Way['tls']): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const encrypted = connectTls({ socket, host, ...serverName(host), ALPNProtocols: ['http/1.1'], ...tls });
    encrypted.once('secureConnect', () => resolve(encrypted)).on('error', reject);
  });
}

/** An address is no server name: RFC 6066, 3. */
function serverName(host: string): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}
