import type { GatewaySettings } from '../ports.ts';
import type { Client, Connection } from './connection.ts';

/** Room for the message after which the provider is paused, and for what it had sent by then. */
const spareBytes = 1024 * 1024;

export function asksForSocket({ method, headers }: Request): boolean {
  return method === 'GET' && headers.get('upgrade')?.toLowerCase() === 'websocket';
}

/** How Bun serves the clients' WebSockets: compression declined, pings answered, silence allowed between requests. */
export function socketHandler({ bodyLimitBytes }: GatewaySettings): Bun.WebSocketHandler<Connection> {
  return {
    perMessageDeflate: false,
    idleTimeout: 0,
    sendPings: false,
    // Beyond it Bun closes without a word; what is only too large is told so.
    maxPayloadLength: 2 * bodyLimitBytes,
    backpressureLimit: bodyLimitBytes + spareBytes,
    open: (client: Client) => client.data.start(client),
    message: (client: Client, data) => client.data.receive(data),
    drain: (client: Client) => client.data.drained(),
    close: (client: Client) => client.data.closed(),
  };
}
