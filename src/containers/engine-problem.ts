import { Problem } from '../core/problem.ts';
import { hasCode } from '../lib/atomic-file.ts';
import { describeNetworkError } from '../lib/network-error.ts';

/** Why the engine does not answer at its socket. */
export function unreachable(socket: string, error: unknown): Problem {
  if (hasCode(error, 'EACCES') || hasCode(error, 'EPERM'))
    return new Problem('forbidden', `The user of the daemon may not use the container engine at ${socket}.`, {
      hint: 'Let that user use it, or set reset.socket to the socket of an engine of its own',
      cause: error,
    });
  const reason = hasCode(error, 'ENOENT') ? 'there is no such socket' : describeNetworkError(error);
  return new Problem('unavailable', `No container engine answers at ${socket}: ${reason}.`, {
    hint: 'Start it (Podman: systemctl --user start podman.socket), or set reset.socket in config.toml',
    cause: error,
  });
}

/** What the engine's refusal of an exec means. Docker answers 409 where a container does not run, Podman 500. */
export function refused(container: string, status: number, message: string): Problem {
  const cause = new Error(`${status}: ${message}`);
  if (status === 404)
    return new Problem('not_found', `The container engine has no container ${container}.`, {
      hint: 'See what it has with: docker ps, and set reset.container in config.toml',
      cause,
    });
  if (status === 409 || /not running|on running containers|state improper|is paused/i.test(message))
    return new Problem('conflict', `Container ${container} does not run: ${brief(message)}.`, {
      hint: `Start it with: docker start ${container}`,
      cause,
    });
  // Podman's words; Docker lets the exec begin and end with 126.
  if (status === 400 || /unable to find user/i.test(message))
    return new Problem('invalid', `The container engine refused the command: ${brief(message)}.`, {
      hint: 'Look at the section reset of config.toml',
      cause,
    });
  return new Problem('upstream', `The container engine answered ${status}: ${brief(message)}.`, {
    hint: 'Look at its log',
    cause,
  });
}

function brief(message: string): string {
  return message
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .replace(/\.$/, '')
    .slice(0, 200);
}
