import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Caller, OperationContext } from '../../operations/context.ts';
import { execute, type AnyOperation } from '../../operations/operation.ts';
import { toolsOf, type OperationTool } from './tool.ts';
import { watchBody } from './watch-body.ts';

export type McpHttpDeps = {
  readonly operations: readonly AnyOperation[];
  readonly context: Omit<OperationContext, 'caller'>;
  readonly version: string;
  /** Takes what is no Problem, to log it with its stack. */
  readonly bug: (error: unknown) => void;
  /** How long `close` waits for operations that run. */
  readonly stopGraceMs?: number;
};

export type McpHttp = {
  /** Answers one request of somebody whose token, Host and Origin were checked. */
  handle(request: Request, caller: Omit<Caller, 'surface'>): Promise<Response>;
  /** Refuses what comes; resolves when every operation that runs has ended, or had its time. */
  close(): Promise<void>;
};

/** Far more than the longest input of an operation. */
const maxRequestBodySize = 1024 * 1024;
/** Bun ends a connection that is silent for 10 seconds. */
const keepAliveMs = 5000;
const usualStopGraceMs = 5000;

/**
 * MCP as streamable HTTP without sessions: every POST is complete in itself, so that a client does not notice a restart
 * of the daemon. Nothing is told unasked, so GET and DELETE get the 405 that the specification has for such a server
 * (2025-11-25, Transports). The first request loads the SDK.
 */
export function createMcpHttp({ operations, context, version, bug, stopGraceMs }: McpHttpDeps): McpHttp {
  let tools: readonly OperationTool[] | undefined;
  const live = new Set<Server>();
  const running = new Set<Promise<unknown>>();
  let closed = false;

  const serverFor = async (caller: Caller) => {
    const { mcpServer, WebStandardStreamableHTTPServerTransport } = await import('./server.ts');
    const server = mcpServer({
      tools: (tools ??= toolsOf(operations)),
      mayWrite: caller.scope === 'full',
      version,
      bug,
      async call(operation, input) {
        const run = execute(operation, input, { ...context, caller });
        running.add(run);
        return run.finally(() => running.delete(run));
      },
    });
    const transport = new WebStandardStreamableHTTPServerTransport({ keepAliveMs, maxRequestBodySize });
    await server.connect(transport);
    return { server, transport };
  };

  return {
    async handle(request, { actor, scope }) {
      if (closed) return refusal(503, 'Stint is stopping.');
      if (request.method !== 'POST') return refusal(405, 'Method not allowed.', { allow: 'POST' });
      const { server, transport } = await serverFor({ surface: 'mcp', actor, scope });
      live.add(server);
      return watchBody(await transport.handleRequest(request), () => {
        live.delete(server);
        // An operation whose client has gone runs to its end: the specification has a notification for a cancellation.
        void server.close();
      });
    },
    async close() {
      closed = true;
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, stopGraceMs ?? usualStopGraceMs);
      await Promise.race([Promise.allSettled(running), late]);
      clearTimeout(timer);
      await Promise.all([...live].map((server) => server.close()));
    },
  };
}

function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }, { status, headers });
}
