import { confirm, isCancel } from '@clack/prompts';
import type { Command } from 'commander';
import { Problem } from '../../core/problem.ts';
import type { Cli } from './cli.ts';
import { runEditor } from './editor.ts';
import type { SettingsFile } from './host.ts';
import { optionsOf } from './options.ts';

/** `stint config edit`. */
export function addConfigCommands(cli: Cli, root: Command): void {
  const known = root.commands.find((each) => each.name() === 'config');
  const group = known ?? root.command('config').description('Settings').helpCommand(false);
  const command = group
    .command('edit')
    .description('Edit the settings, and save them only when they are right')
    .action(async () => {
      const options = optionsOf(command);
      const file = await cli.host.settingsFile(options.home);
      const saved = await edit(cli, file);
      if (options.json) return cli.terminal.print(JSON.stringify({ file: file.path, changed: saved }));
      cli.terminal.print(saved ? `Saved ${file.path}. See how it acts: stint config check` : 'Nothing was changed.');
    });
}

async function edit(cli: Cli, file: SettingsFile): Promise<boolean> {
  const before = await file.read();
  let text = before ?? emptySettings;
  for (;;) {
    const edited = await runEditor(cli, file, text);
    if (edited === text && edited === (before ?? emptySettings)) return false;
    text = edited;
    const fault = faultOf(file, text);
    if (fault === null) break;
    if (!(await wantsAgain(cli, fault))) throw await keepAside(file, text, fault);
  }
  if ((await file.read()) !== before) {
    const changed = new Problem('conflict', `${file.path} was changed meanwhile.`);
    throw await keepAside(file, text, changed);
  }
  await file.write(text);
  return true;
}

const emptySettings = '# Settings of Stint. All there are, with their values: stint config list\n';

function faultOf(file: SettingsFile, text: string): Problem | null {
  try {
    file.check(text);
    return null;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

async function wantsAgain({ terminal }: Cli, fault: Problem): Promise<boolean> {
  if (!terminal.interactive) return false;
  terminal.error(fault.message);
  const again = await confirm({ message: 'Edit it again?', output: process.stderr, withGuide: false });
  return !isCancel(again) && again;
}

/** What somebody typed is not thrown away. */
async function keepAside(file: SettingsFile, text: string, { code, message }: Problem): Promise<Problem> {
  const kept = await file.keepAside(text);
  return new Problem(code, `${message} The settings are as they were.`, { hint: `Your text is kept as ${kept}` });
}
