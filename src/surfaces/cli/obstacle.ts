import type { Obstacle } from './host.ts';

/** The next step for whoever is told of an obstacle. */
export function removalOf({ name, file }: Obstacle): string {
  return `Remove ${name} from the env of ${file}.`;
}
