import type { Command } from 'commander';
import type { AnyOperation } from '../../../operations/operation.ts';
import { socketClient } from '../../../operations/client.ts';
import type { Cli } from '../cli.ts';
import { reachDaemon } from '../connect.ts';
import { keepDaemon } from '../keep-daemon.ts';
import { optionsOf, type GlobalOptions } from '../options.ts';
import { followJob } from './follow-job.ts';
import { addJobInput, readJobInput } from './job-input.ts';
import { tellWarnings, type AddedJob } from './warnings.ts';

/** `stint run "prompt"`: a job whose end this command waits for. */
export function addRun(cli: Cli, root: Command): void {
  const operation = cli.operations.find((each) => each.name === 'job.add');
  if (operation === undefined) return;
  const command = root
    .command('run')
    .description(
      'Have an agent do one thing here, through limits and restarts, and wait for it. Progress is on stderr, the result on stdout. ' +
        'Ends with 0 when it is done, 1 when it failed or is blocked, 130 when it was cancelled',
    )
    .summary('Have an agent do one thing here, through limits and restarts');
  addJobInput(command, operation);
  command.action(async () => cli.exit(await run(cli, command, operation)));
}

async function run(cli: Cli, command: Command, operation: AnyOperation): Promise<number> {
  const input = await readJobInput(cli, command, operation);
  const options: GlobalOptions = optionsOf(command);
  const daemon = await reachDaemon(cli, options);
  const letGo = keepDaemon(cli, options.home, daemon);
  try {
    const job = (await socketClient(daemon.controlSocket).call(operation.name, input)) as AddedJob;
    tellWarnings(job, cli.terminal);
    return await followJob(cli, job, options);
  } finally {
    letGo();
  }
}
