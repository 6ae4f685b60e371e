import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import type { Machine, ServiceManager } from './manager.ts';
import { runTool, runToolOrThrow } from './run-tool.ts';
import { homeOfUnit, systemdUnit } from './systemd-unit.ts';
import { isRemovable, marker, readText, writeService } from './written-file.ts';

const unit = 'stint.service';

/** Units of a user, whose manager runs while that user is logged in, or always where the user lingers. */
export function systemdManager(machine: Machine): ServiceManager {
  const file = join(machine.environment['XDG_CONFIG_HOME'] || join(machine.folder, '.config'), 'systemd/user', unit);
  const systemctl = (...args: string[]): Promise<string> => runToolOrThrow(machine, 'systemctl', ['--user', ...args]);

  async function properties(): Promise<Record<string, string>> {
    const text = await systemctl('show', unit, '--property=UnitFileState,ActiveState,MainPID');
    return Object.fromEntries(text.split('\n').map((line) => line.split('=', 2) as [string, string]));
  }

  return {
    async install({ start, ...setup }) {
      await requireManager(machine);
      const text = systemdUnit(setup);
      const changed = await writeService(file, { text, home: setup.home, homeOf: homeOfUnit }, async () => {
        await systemctl('daemon-reload');
        await systemctl('enable', ...(start ? ['--now'] : []), unit);
      });
      return { file, changed };
    },
    async remove(home) {
      if (!(await isRemovable(file, { home, homeOf: homeOfUnit }))) return false;
      await requireManager(machine);
      await systemctl('disable', '--now', unit);
      await rm(file, { force: true });
      await systemctl('daemon-reload');
      return true;
    },
    async status() {
      const text = await readText(file);
      const ours = text?.includes(marker) === true ? text : null;
      const shown = ours === null ? {} : await properties();
      const pid = Number(shown['MainPID'] ?? 0);
      const atBoot = await lingers(machine);
      return {
        ...{ manager: 'systemd', file, home: ours === null ? null : homeOfUnit(ours) },
        enabled: shown['UnitFileState'] === 'enabled',
        pid: pid === 0 ? null : pid,
        ...{ atBoot, bootHint: atBoot === false ? 'loginctl enable-linger' : null },
        editHint: `systemctl --user edit ${unit}`,
      };
    },
  };
}

/** In a container, and in a shell by `su`, there is the command but nobody who answers. */
async function requireManager(machine: Machine): Promise<void> {
  const { code, stderr } = await runTool(machine, 'systemctl', ['--user', 'show', '--property=Version']);
  if (code === 0) return;
  const said = stderr.trim().split('\n')[0] ?? '';
  throw new Problem('unavailable', `systemd runs no services for you here: ${said.replace(/\.$/, '')}.`, {
    hint: 'Log in as yourself, not by su or sudo; else start it yourself with: stint up --detach',
  });
}

async function lingers(machine: Machine): Promise<boolean | null> {
  const args = ['show-user', String(machine.uid), '--property=Linger'];
  const ended = await runTool(machine, 'loginctl', args).catch(() => null);
  if (ended?.code !== 0) return null;
  return ended.stdout.trim() === 'Linger=yes';
}
