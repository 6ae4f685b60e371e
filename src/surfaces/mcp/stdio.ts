import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { Client } from '../../operations/client.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { offerOf } from './offer.ts';
import { toolsOf } from './tool.ts';

export type McpStdioDeps = {
  readonly client: Pick<Client, 'call'>;
  readonly operations: readonly AnyOperation[];
  readonly version: string;
  readonly input: Readable;
  readonly output: Writable;
  /** Takes what is no Problem; the output belongs to the protocol. */
  readonly bug: (error: unknown) => void;
};

/**
 * MCP over a pair of streams, for a client that started this process; the daemon does what is asked. Resolves when the
 * client has closed its side and everything that it asked was answered, or when it reads no more.
 */
export async function runMcpStdio({ client, operations, version, input, output, bug }: McpStdioDeps): Promise<void> {
  const inputEnded = endOf(input, { writable: false });
  const outputEnded = endOf(output, { readable: false });
  const { mcpServer, StdioServerTransport } = await import('./server.ts');
  const running = new Set<Promise<unknown>>();
  const server = mcpServer({
    ...offerOf({ tools: toolsOf(operations), mayWrite: true }, (operation, args, signal) => {
      const run = client.call(operation.name, args, signal);
      running.add(run);
      return run.finally(() => running.delete(run));
    }),
    version,
    bug,
  });
  const answered = async () => {
    await inputEnded;
    await Promise.allSettled(running);
    // What is left between a result and its line on the output is microtasks.
    await setImmediate();
    await new Promise<void>((resolve) => output.write('', () => resolve()));
  };
  const ended = Promise.race([answered(), outputEnded]);
  await server.connect(new StdioServerTransport(input, output));
  await ended;
  await server.close();
}

/** A stream that broke has ended as well. */
async function endOf(stream: Readable | Writable, side: { readable?: false; writable?: false }): Promise<void> {
  await finished(stream, side).catch(() => undefined);
}
