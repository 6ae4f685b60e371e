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
import { answerOf, failureOf, internalProblem, type ToolAnswer } from './answer.ts';
import { reportProgress } from './progress.ts';
import type { Tool } from './tool.ts';

export { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
export { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';

export type McpParts = {
  /** For a model: what this server is for. */
  readonly instructions: string;
  /** Those that the client is shown. */
  readonly tools: readonly Tool[];
  readonly version: string;
  /** Runs a tool; undefined where there is none of that name. It throws a Problem where it fails. */
  readonly call: (name: string, input: unknown, signal: AbortSignal) => Promise<unknown> | undefined;
  readonly bug: (error: unknown) => void;
};

/** Making one takes longer than all the rest of a server, and nothing ever uses it. */
const validator = new AjvJsonSchemaValidator();

/** The one server behind every transport. It keeps nothing between requests. */
export function mcpServer({ instructions, tools, version, call, bug }: McpParts): Server {
  // `McpServer` takes zod shapes and words of its own for bad input, where an operation has both already.
  const server = new Server(
    { name: 'stint', title: 'Stint', version },
    { capabilities: { tools: {} }, instructions, jsonSchemaValidator: validator },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }) as unknown as ListToolsResult);
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const run = call(params.name, params.arguments ?? {}, extra.signal);
    if (run === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name.slice(0, 100)}`);
    using _ = reportProgress(extra);
    return (await answer(run, bug)) as CallToolResult;
  });
  return server;
}

/** Every failure is an answer, from which the model can learn; none ends the connection. */
async function answer(run: Promise<unknown>, bug: (error: unknown) => void): Promise<ToolAnswer> {
  try {
    return answerOf(await run);
  } catch (error) {
    if (error instanceof Problem) return failureOf(error);
    bug(error);
    return failureOf(internalProblem());
  }
}
