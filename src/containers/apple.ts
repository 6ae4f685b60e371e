import { requireContainerName } from './container-name.ts';
import { runCommand } from './local.ts';
import type { Containers } from './ports.ts';
import type { Surroundings } from './surroundings.ts';

/** Only the client is a process of ours. */
export const mayGoOn = '; it may go on in the container';

/** Apple's `container`, by its CLI: `container exec [--user <user>] <id> <arguments>...` of its command reference. */
export function appleContainers(surroundings: Surroundings): Containers {
  return {
    async exec({ container, command, user, timeoutMs }, signal) {
      requireContainerName(container);
      const as = user === undefined ? [] : ['--user', user];
      const line = ['container', 'exec', ...as, container, ...command];
      return runCommand({ command: line, timeoutMs, leaves: mayGoOn }, surroundings, signal);
    },
  };
}
