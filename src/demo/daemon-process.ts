import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Problem } from '../core/problem.ts';
import { readDaemonFile, type DaemonFile } from '../home/daemon-file.ts';
import { homeAt } from '../home/open-home.ts';

const patienceMs = 5000;

/** A daemon that ends with the demo. */
export type DaemonProcess = DaemonFile & {
  /** Stops it gracefully, and after five seconds by force. */
  stop(): Promise<void>;
};

/** Starts a daemon in a home on free ports and waits until it serves. Throws a Problem when it does not come up. */
export async function startDaemonProcess(
  [executable, ...first]: readonly [string, ...string[]],
  home: string,
  { environment, signal }: { environment: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<DaemonProcess> {
  const ports = ['--control-port', '0', '--agent-port', '0'];
  const child = spawn(executable, [...first, '--home', home, ...ports, 'up'], {
    // A Ctrl-C in the terminal is for the demo, which stops the daemon when the agent has ended.
    detached: true,
    cwd: '/',
    env: environment,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = once(child, 'exit').catch(() => undefined);
  try {
    await untilReady(child, signal);
    const file = await readDaemonFile(homeAt(home));
    if (file === undefined) throw notUp();
    return { ...file, stop: () => stopChild(child, ended) };
  } catch (error) {
    await stopChild(child, ended);
    throw error;
  }
}

function untilReady(child: ChildProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => settle(() => reject(signal.reason));
    const settle = (settled: () => void): void => {
      signal.removeEventListener('abort', abort);
      child.removeListener('message', onMessage);
      settled();
    };
    const onMessage = (report: unknown): void => {
      const { ready, message } = report as { ready?: true; message?: string };
      settle(ready === true ? resolve : () => reject(notUp(message)));
    };
    child.on('message', onMessage);
    child.once('error', (error) => settle(() => reject(notUp(error.message))));
    child.once('exit', () => settle(() => reject(notUp())));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

async function stopChild(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await ended;
  clearTimeout(force);
}

function notUp(reason?: string): Problem {
  return new Problem(
    'unavailable',
    `The demo’s daemon did not start${reason === undefined ? '' : `: ${reason}`}`.replace(/\.?$/, '.'),
    {
      hint: 'Check this machine with: stint doctor',
    },
  );
}
