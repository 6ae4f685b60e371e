import type { Command } from 'commander';
import type { AnyOperation } from '../../../operations/operation.ts';
import type { Cli } from '../cli.ts';
import { connect } from '../connect.ts';
import { optionsOf } from '../options.ts';
import { render } from '../render.ts';
import { addJobInput, readJobInput } from './job-input.ts';
import { tellWarnings, type AddedJob } from './warnings.ts';

/** `stint job add`: the job goes on by itself. */
export function addJobAdd(cli: Cli, command: Command, operation: AnyOperation): void {
  addJobInput(command.description(operation.summary), operation);
  command.action(async () => {
    const input = await readJobInput(cli, command, operation);
    const options = optionsOf(command);
    const output = (await (await connect(cli, options)).call(operation.name, input)) as AddedJob;
    tellWarnings(output, cli.terminal);
    cli.terminal.print(options.json ? JSON.stringify(output, null, 2) : render(operation.name, output, cli.terminal));
  });
}
