import type { AnyOperation } from '../../operations/operation.ts';
import type { McpParts } from './server.ts';
import type { OperationTool } from './tool.ts';

const instructions = `Stint keeps coding agents working when an account hits its limit: it holds accounts of AI providers \
in pools and moves requests to an account that is open. Begin with daemon_status. Times are milliseconds since 1970.`;

type Offered = {
  readonly tools: readonly OperationTool[];
  /** A client that may not is shown only what it can use; it is refused the rest by the operation. */
  readonly mayWrite: boolean;
};

/** What a server of operations offers. */
export function offerOf(
  { tools, mayWrite }: Offered,
  run: (operation: AnyOperation, input: unknown, signal: AbortSignal) => Promise<unknown>,
): Pick<McpParts, 'instructions' | 'tools' | 'call'> {
  return {
    instructions,
    tools: tools.filter(({ operation }) => mayWrite || operation.effect === 'read').map(({ tool }) => tool),
    call(name, input, signal) {
      const found = tools.find(({ tool }) => tool.name === name);
      return found === undefined ? undefined : run(found.operation, input, signal);
    },
  };
}
