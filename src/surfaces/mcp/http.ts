import type { Caller, OperationContext } from '../../operations/context.ts';
import { execute, type AnyOperation } from '../../operations/operation.ts';
import { offerOf } from './offer.ts';
import { statelessHttp } from './stateless.ts';
import { toolsOf, type OperationTool } from './tool.ts';

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

/** The operations as tools, for programs and models of the operator. */
export function createMcpHttp({ operations, context, version, bug, stopGraceMs }: McpHttpDeps): McpHttp {
  let tools: readonly OperationTool[] | undefined;
  const http = statelessHttp(stopGraceMs);
  return {
    handle(request, { actor, scope }) {
      const caller: Caller = { surface: 'mcp', actor, scope };
      // An operation whose client has gone runs to its end: the specification has a notification for a cancellation.
      const offer = offerOf(
        { tools: (tools ??= toolsOf(operations)), mayWrite: scope === 'full' },
        (operation, input) => execute(operation, input, { ...context, caller }),
      );
      return http.handle(request, { ...offer, version, bug });
    },
    close: () => http.close(),
  };
}
