import { Argument, type Command } from 'commander';
import type { Cli } from './cli.ts';
import { placeOf } from './connect.ts';
import type { ServiceState } from './host.ts';
import { insecureBindOption, optionsOf, type GlobalOptions } from './options.ts';

const verbs = ['install', 'remove', 'status'] as const;
type Verb = (typeof verbs)[number];

/** `stint service`: the daemon as a service of the system, there again after a reboot. */
export function addServiceCommand(cli: Cli, root: Command): void {
  const command = root
    .command('service')
    .description('Have the daemon started by the system: after a login, a crash, a reboot')
    .addArgument(new Argument('<verb>', 'What to do').choices([...verbs]))
    .addOption(insecureBindOption())
    .action(async (verb: Verb) => {
      const options = optionsOf(command);
      const { output, lines } = await run[verb](cli, options);
      if (options.json) return cli.terminal.print(JSON.stringify(output, null, 2));
      for (const line of lines) cli.terminal.print(line);
    });
}

type Answer = { readonly output: object; readonly lines: readonly string[] };

const run: Readonly<Record<Verb, (cli: Cli, options: GlobalOptions) => Promise<Answer>>> = {
  async install(cli, options) {
    const service = await cli.host.service();
    const running = await cli.host.findDaemon(options.home);
    const { file, changed, left } = await service.install(placeOf(cli, options), running === undefined);
    const state = await service.status();
    const outside = running !== undefined && state.pid === null ? running.pid : null;
    return {
      output: { ...state, changed, left },
      lines: [
        changed ? `Wrote ${file}.` : `${file} is as it has to be.`,
        outside === null
          ? `${state.manager} runs Stint for the home ${options.home}.`
          : `Process ${outside} goes on until it is stopped; ${state.manager} takes over with: stint down, then ${state.manager === 'systemd' ? 'systemctl --user start stint' : 'stint service install'}`,
        ...boot(state),
        ...(changed && running !== undefined && state.pid !== null ? ['It acts when Stint is started again.'] : []),
        ...(left.length === 0
          ? []
          : [`Of this shell’s environment it does not have: ${left.join(', ')}. Add what it needs: ${state.editHint}`]),
      ],
    };
  },
  async remove(cli, options) {
    const service = await cli.host.service();
    const { file } = await service.status();
    const removed = await service.remove(options.home);
    return {
      output: { removed, file },
      lines: [removed ? `Removed ${file}; Stint no longer starts by itself.` : 'Stint is no service here.'],
    };
  },
  async status(cli, options) {
    const state = await (await cli.host.service()).status();
    const found = await cli.host.findDaemon(options.home);
    const outside = found !== undefined && state.pid === null ? found.pid : null;
    if (state.home === null) {
      return { output: state, lines: ['Stint is no service here. Make it one with: stint service install'] };
    }
    return {
      output: state,
      lines: [
        `${state.file} runs the home ${state.home}${state.enabled ? '' : '; it is not enabled'}.`,
        state.pid === null ? 'It does not run now.' : `It runs as process ${state.pid}.`,
        ...(outside === null ? [] : [`Process ${outside} runs outside of it.`]),
        ...boot(state),
      ],
    };
  },
};

function boot({ atBoot, bootHint }: ServiceState): string[] {
  if (atBoot === true) return ['It starts at boot.'];
  return [`It starts when you log in.${bootHint === null ? '' : ` To have it from boot on: ${bootHint}`}`];
}
