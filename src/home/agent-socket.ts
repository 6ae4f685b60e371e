import { access, chmod, constants, lstat, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../core/problem.ts';
import { describeFileError, hasCode } from '../lib/atomic-file.ts';

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing zero included (unix(4), unix(7)). */
const longestSocketPathBytes = 103;
const hint = 'Set agent.socket in config.toml to a path in a folder of its own, such as /run/stint/agent.sock';

/** Makes the place of the agents' socket ready: what a daemon before has left there goes, a file of somebody else never. */
export async function prepareAgentSocket(path: string): Promise<void> {
  if (!(await checkAgentSocket(path))) return;
  if (await answers(path))
    throw new Problem('conflict', `Somebody listens on ${path} already.`, {
      hint: 'Look whether another Stint runs with it, or choose another agent.socket in config.toml',
    });
  await rm(path, { force: true }).catch((error: unknown) => {
    throw cannotHold(path, error);
  });
}

/** Throws a Problem where the path can hold no socket; tells whether one is there. */
export async function checkAgentSocket(path: string): Promise<boolean> {
  if (Buffer.byteLength(path) > longestSocketPathBytes)
    throw new Problem('invalid', `The path of the agents’ socket is longer than ${longestSocketPathBytes} bytes.`, {
      hint,
    });
  const folder = dirname(path);
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new Problem('invalid', `${folder} cannot hold the agents’ socket: ${describeFileError(error)}.`, {
      hint: `Make it, as the user of the daemon: mkdir -p ${folder}`,
      cause: error,
    });
  });
  const found = await lstat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw cannotHold(path, error);
  });
  if (found === undefined) return false;
  if (!found.isSocket())
    throw new Problem('conflict', `${path} is there, and is no socket: Stint does not replace it.`, { hint });
  return true;
}

/**
 * Lets every user connect, as to the port: in a container the agent is another one than here. What counts is the
 * phantom, and who may enter the folder.
 */
export async function openAgentSocket(path: string): Promise<void> {
  await chmod(path, 0o666);
}

/** What listens says something, a socket that was left behind refuses. */
async function answers(path: string): Promise<boolean> {
  return fetch('http://agent/', {
    unix: path,
    keepalive: false,
    signal: AbortSignal.timeout(1000),
  } as RequestInit).then(
    () => true,
    (error: unknown) => !hasCode(error, 'ECONNREFUSED') && !hasCode(error, 'ENOENT'),
  );
}

function cannotHold(path: string, error: unknown): Problem {
  return new Problem('unavailable', `${path} cannot be the agents’ socket: ${describeFileError(error)}.`, {
    hint,
    cause: error,
  });
}
