import { setImmediate } from 'node:timers/promises';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { McpParts } from './server.ts';
import { watchBody } from './watch-body.ts';

export type StatelessHttp = {
  /** Answers one request of somebody whose right to it was checked. */
  handle(request: Request, parts: McpParts): Promise<Response>;
  /** Refuses what comes; resolves when every tool that runs has ended, or had its time. */
  close(): Promise<void>;
};

/** Far more than the longest input of a tool. */
const maxRequestBodySize = 1024 * 1024;
/** Bun ends a connection that is silent for 10 seconds. */
const keepAliveMs = 5000;
const usualStopGraceMs = 5000;

/**
 * MCP as streamable HTTP without sessions: every POST is complete in itself, so that a client does not notice a restart
 * of the daemon. Nothing is told unasked, so GET and DELETE get the 405 that the specification has for such a server
 * (2025-11-25, Transports). The first request loads the SDK.
 */
export function statelessHttp(stopGraceMs = usualStopGraceMs): StatelessHttp {
  const live = new Set<Server>();
  const running = new Set<Promise<unknown>>();
  let closed = false;

  const serverFor = async (parts: McpParts) => {
    const { mcpServer, WebStandardStreamableHTTPServerTransport } = await import('./server.ts');
    const server = mcpServer({
      ...parts,
      call(name, input, signal) {
        const run = parts.call(name, input, signal);
        if (run === undefined) return undefined;
        running.add(run);
        return run.finally(() => running.delete(run));
      },
    });
    const transport = new WebStandardStreamableHTTPServerTransport({ keepAliveMs, maxRequestBodySize });
    await server.connect(transport);
    return { server, transport };
  };

  return {
    async handle(request, parts) {
      if (closed) return refusal(503, 'Stint is stopping.');
      if (request.method !== 'POST') return refusal(405, 'Method not allowed.', { allow: 'POST' });
      const { server, transport } = await serverFor(parts);
      live.add(server);
      return watchBody(await transport.handleRequest(request), () => {
        live.delete(server);
        void server.close();
      });
    },
    async close() {
      closed = true;
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, stopGraceMs);
      await Promise.race([Promise.allSettled(running), late]);
      clearTimeout(timer);
      // What is left between a result and its answer is microtasks.
      await setImmediate();
      await Promise.all([...live].map((server) => server.close()));
    },
  };
}

export function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }, { status, headers });
}
