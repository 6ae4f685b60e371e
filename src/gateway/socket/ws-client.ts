import { createRequire } from 'node:module';
import type { WebSocket } from 'ws';

export type { WebSocket };

/**
 * The client of the `ws` library itself. Bun puts a shim in the place of every import of `ws`, and that shim hides the
 * status, headers and body of a refused upgrade; only a file of the package, named by its path, is loaded as it is. That
 * takes 13 ms, and happens when it is first needed.
 */
export function wsClient(): typeof WebSocket {
  return (client ??= loadClient());
}

let client: typeof WebSocket | undefined;

function loadClient(): typeof WebSocket {
  const load = createRequire(import.meta.url);
  const manifest = load.resolve('ws/package.json');
  return load(manifest.replace(/package\.json$/, 'lib/websocket.js')) as typeof WebSocket;
}
