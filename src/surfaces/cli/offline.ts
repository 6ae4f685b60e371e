import type { Client } from '../../operations/client.ts';
import type { OperationContext } from '../../operations/context.ts';
import { execute, type AnyOperation } from '../../operations/operation.ts';
import type { Cli } from './cli.ts';
import type { GlobalOptions } from './options.ts';

/**
 * Answers what is asked of the settings where no daemon runs: a setting that is wrong keeps it from starting. Undefined
 * for everything else.
 */
export async function offlineClient(
  { host, operations }: Cli,
  operation: AnyOperation,
  { home }: GlobalOptions,
): Promise<Client | undefined> {
  if (!operation.name.startsWith('config.')) return undefined;
  if ((await host.findDaemon(home)) !== undefined) return undefined;
  // Sound because these operations look at nothing else. As with an editor, no trail is written without a daemon.
  const context = {
    settings: await host.settings(home, operation.effect !== 'read'),
    caller: { surface: 'cli', actor: 'stint', scope: 'full' },
    audit: () => Promise.resolve(),
    inTurn: (change) => change(),
  } as Partial<OperationContext> as OperationContext;
  return {
    async call(name, input) {
      // It may have to ask another operation on settings first.
      return execute(operations.find((each) => each.name === name) ?? operation, input, context);
    },
    stream: () => {
      throw new Error(`${operation.name} answers at once`);
    },
  };
}
