import { appleContainers } from './apple.ts';
import { dockerContainers, dockerSocket } from './docker.ts';
import { localCommands } from './local.ts';
import type { Containers } from './ports.ts';
import type { Surroundings } from './surroundings.ts';
import { tartMachines } from './tart.ts';

/** What an agent lives in; `docker` is Podman as well. */
export type Runtime = 'local' | 'docker' | 'apple' | 'tart';

/** The way to run commands there. An empty socket is Docker's own. */
export function openContainers(
  { runtime, socket }: { readonly runtime: Runtime; readonly socket: string },
  surroundings: Surroundings,
): Containers {
  switch (runtime) {
    case 'local':
      return localCommands(surroundings);
    case 'docker':
      return dockerContainers(socket === '' ? dockerSocket : socket, surroundings);
    case 'apple':
      return appleContainers(surroundings);
    case 'tart':
      return tartMachines(surroundings);
  }
}
