import { Problem } from '../core/problem.ts';

/** As engines name containers; never a flag, and never a part of a path. */
const name = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

/** Throws a Problem for what can be no container's name. */
export function requireContainerName(container: string): void {
  if (name.test(container)) return;
  throw container === ''
    ? new Problem('invalid', 'It is not set in which container the agent lives.', {
        hint: 'Set reset.container in config.toml',
      })
    : new Problem('invalid', 'The name of the container may have letters, digits, and _ . - within it.', {
        hint: 'Correct reset.container in config.toml',
      });
}
