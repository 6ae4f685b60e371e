import { mayGoOn } from './apple.ts';
import { requireContainerName } from './container-name.ts';
import { runCommand } from './local.ts';
import type { Containers } from './ports.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Tart's machines, by its CLI: `tart exec <name> <command>...`, which needs its guest agent in the machine. It has no
 * option for a user: the command runs as whom that agent runs.
 */
export function tartMachines(surroundings: Surroundings): Containers {
  return {
    async exec({ container, command, timeoutMs }, signal) {
      requireContainerName(container);
      const line = ['tart', 'exec', container, ...command];
      return runCommand({ command: line, timeoutMs, leaves: mayGoOn }, surroundings, signal);
    },
  };
}
