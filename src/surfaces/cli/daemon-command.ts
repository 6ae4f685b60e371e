import type { Command } from 'commander';
import { Problem } from '../../core/problem.ts';
import { socketClient } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import { notRunning, placeOf, startDetached, tellSetAside, type StartReport } from './connect.ts';
import type { DaemonAddress, FoundDaemon, Serving } from './host.ts';
import { askPassphrase } from './secret.ts';
import { insecureBindOption, optionsOf, type GlobalOptions } from './options.ts';

const pollMs = 25;
const sameSignalMs = 300;
const answerMs = 5000;
/** Beyond the time that open requests have: for closing the store and the log. */
const closingSeconds = 15;

/** `up` and `down`. */
export function addDaemonCommands(cli: Cli, root: Command): void {
  root
    .command('up')
    .description('Run the daemon here, or in the background')
    .option('-d, --detach', 'Run it in the background')
    .addOption(insecureBindOption())
    .action(async (options: { detach?: boolean }, command: Command) => {
      const all = optionsOf(command);
      if (options.detach === true) await upDetached(cli, all);
      else await upForeground(cli, all);
    });
  root
    .command('down')
    .description('Stop the daemon; open streams get their time to end')
    .action(async (_: object, command: Command) => down(cli, optionsOf(command)));
}

async function upDetached(cli: Cli, options: GlobalOptions): Promise<void> {
  const place = placeOf(cli, options);
  const running = await cli.host.findDaemon(place.home);
  if (running !== undefined) {
    throw new Problem('conflict', `Stint is already running in ${place.home} as process ${running.pid}.`, {
      hint: 'Stop it with: stint down',
    });
  }
  tellServing(cli, options, await startDetached(cli, place));
}

async function upForeground(cli: Cli, options: GlobalOptions): Promise<void> {
  const report = parentReport();
  const stopping = stopSignal();
  let serving: Serving;
  try {
    serving = await cli.host.serve(placeOf(cli, options), () => askPassphrase(cli, stopping));
  } catch (error) {
    if (report === undefined) throw error;
    await report(
      error instanceof Problem
        ? { code: error.code, message: error.message, hint: error.hint ?? null }
        : { code: 'internal', message: String(error), hint: null },
    );
    return cli.exit(1);
  }
  if (stopping.aborted) serving.stop();
  else stopping.addEventListener('abort', serving.stop, { once: true });
  if (report === undefined) tellServing(cli, options, serving);
  else await report({ ready: true, setAside: serving.setAside });
  await serving.ended;
}

/** How a daemon in the background tells the command that started it how the start went. */
function parentReport(): ((report: StartReport) => Promise<void>) | undefined {
  if (process.send === undefined) return undefined;
  return (report) =>
    new Promise((resolve) => {
      process.send?.(report, undefined, undefined, () => {
        process.disconnect?.();
        resolve();
      });
    });
}

/**
 * Aborts when SIGTERM or Ctrl-C asks for a graceful stop, during the start too. A second Ctrl-C, by somebody who does not
 * want to wait, ends the process at once.
 */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  // A signal to the whole process group arrives twice, directly and through the launcher: systemd stops services so.
  process.on('SIGTERM', stop);
  let firstAt: number | undefined;
  process.on('SIGINT', () => {
    if (firstAt !== undefined && performance.now() - firstAt > sameSignalMs) process.exit(130);
    firstAt ??= performance.now();
    stop();
  });
  // The terminal is gone; the daemon need not be.
  process.on('SIGHUP', () => undefined);
  return controller.signal;
}

function tellServing(
  cli: Cli,
  options: GlobalOptions,
  { pid, controlPort, agentPort, controlUrl, agentUrl, ...more }: DaemonAddress & { setAside?: string | null },
): void {
  tellSetAside(cli, more.setAside ?? null);
  if (options.json)
    return cli.terminal.print(
      JSON.stringify({ pid, home: options.home, controlPort, agentPort, controlUrl, agentUrl }),
    );
  cli.terminal.print(`Stint is running as process ${pid}: agents at ${agentUrl}, control API at ${controlUrl}.`);
}

async function down(cli: Cli, { home, json }: GlobalOptions): Promise<void> {
  const found = await cli.host.findDaemon(home);
  if (found === undefined) throw notRunning();
  const { activeRequests, graceSeconds } = await askToStop(found);
  if (activeRequests > 0 && !json) {
    cli.terminal.error(`Waiting for ${activeRequests} open ${activeRequests === 1 ? 'request' : 'requests'}.`);
  }
  const waitSeconds = graceSeconds + closingSeconds;
  const until = performance.now() + waitSeconds * 1000;
  while ((await cli.host.findDaemon(home))?.pid === found.pid) {
    if (performance.now() > until) {
      throw new Problem('unavailable', `Process ${found.pid} has not ended within ${waitSeconds} seconds.`, {
        hint: `End it with: kill -9 ${found.pid}`,
      });
    }
    await Bun.sleep(pollMs);
  }
  cli.terminal.print(json ? JSON.stringify({ stopped: found.pid }) : `Stopped process ${found.pid}.`);
}

type Stopping = { readonly activeRequests: number; readonly graceSeconds: number };

/** One that is starting, closing or stuck does not answer: a signal says the same. */
async function askToStop(found: FoundDaemon): Promise<Stopping> {
  if (found.kind === 'serving') {
    try {
      const client = socketClient(found.controlSocket);
      return (await client.call('daemon.stop', {}, AbortSignal.timeout(answerMs))) as Stopping;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
    }
  }
  try {
    process.kill(found.pid, 'SIGTERM');
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  return { activeRequests: 0, graceSeconds: 0 };
}
