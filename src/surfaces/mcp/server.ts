import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type CallToolResult,
  type ListToolsResult,
} from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv-provider.js';
import { Problem } from '../../core/problem.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { answerOf, failureOf, internalProblem, type ToolAnswer } from './answer.ts';
import { reportProgress } from './progress.ts';
import type { OperationTool } from './tool.ts';

export { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
export { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';

export type McpParts = {
  readonly tools: readonly OperationTool[];
  /** A client that may not is shown only what it can use; it is refused the rest by the operation. */
  readonly mayWrite: boolean;
  readonly version: string;
  /** Runs an operation; throws a Problem where it fails. */
  readonly call: (operation: AnyOperation, input: unknown, signal: AbortSignal) => Promise<unknown>;
  readonly bug: (error: unknown) => void;
};

const instructions = `Stint keeps coding agents working when an account hits its limit: it holds accounts of AI providers \
in pools and moves requests to an account that is open. Begin with daemon_status. Times are milliseconds since 1970.`;

/** Making one takes longer than all the rest of a server, and nothing ever uses it. */
const validator = new AjvJsonSchemaValidator();

/** The one server behind every transport: operations as tools. It keeps nothing between requests. */
export function mcpServer({ tools, mayWrite, version, call, bug }: McpParts): Server {
  // `McpServer` takes zod shapes and words of its own for bad input, where an operation has both already.
  const server = new Server(
    { name: 'stint', title: 'Stint', version },
    { capabilities: { tools: {} }, instructions, jsonSchemaValidator: validator },
  );
  const shown = tools.filter(({ operation }) => mayWrite || operation.effect === 'read').map(({ tool }) => tool);
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: shown }) as unknown as ListToolsResult);
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const found = tools.find(({ tool }) => tool.name === params.name);
    if (found === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name.slice(0, 100)}`);
    using _ = reportProgress(extra);
    const run = () => call(found.operation, params.arguments ?? {}, extra.signal);
    return (await answer(run, bug)) as CallToolResult;
  });
  return server;
}

/** Every failure is an answer, from which the model can learn; none ends the connection. */
async function answer(run: () => Promise<unknown>, bug: (error: unknown) => void): Promise<ToolAnswer> {
  try {
    return answerOf(await run());
  } catch (error) {
    if (error instanceof Problem) return failureOf(error);
    bug(error);
    return failureOf(internalProblem());
  }
}
