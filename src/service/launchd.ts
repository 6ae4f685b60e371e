import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { homeOfAgent, label, launchdAgent } from './launchd-agent.ts';
import type { Machine, ServiceManager } from './manager.ts';
import { runTool, runToolOrThrow } from './run-tool.ts';
import { isRemovable, marker, readText, writeService } from './written-file.ts';

/** Launch agents of a user, which run while that user is logged in. */
export function launchdManager(machine: Machine): ServiceManager {
  const file = join(machine.folder, 'Library/LaunchAgents', `${label}.plist`);
  const domain = `gui/${machine.uid}`;
  const service = `${domain}/${label}`;

  /** What launchd knows of it; null while it is not loaded. */
  async function loaded(): Promise<string | null> {
    const { code, stdout } = await runTool(machine, 'launchctl', ['print', service]);
    return code === 0 ? stdout : null;
  }

  return {
    async install({ start, ...setup }) {
      await requireDomain(machine, domain);
      const text = launchdAgent(setup);
      const changed = await writeService(file, { text, home: setup.home, homeOf: homeOfAgent }, async () => {
        await runToolOrThrow(machine, 'launchctl', ['enable', service]);
        // It runs what it was loaded with until the next login.
        if (start && (await loaded()) === null) await runToolOrThrow(machine, 'launchctl', ['bootstrap', domain, file]);
      });
      return { file, changed };
    },
    async remove(home) {
      if (!(await isRemovable(file, { home, homeOf: homeOfAgent }))) return false;
      if ((await loaded()) !== null) await runToolOrThrow(machine, 'launchctl', ['bootout', service]);
      await rm(file, { force: true });
      return true;
    },
    async status() {
      const text = await readText(file);
      const ours = text?.includes(marker) === true ? text : null;
      const [, pid] = /^\s*pid = (\d+)$/m.exec((ours === null ? null : await loaded()) ?? '') ?? [];
      return {
        ...{ manager: 'launchd', file, home: ours === null ? null : homeOfAgent(ours) },
        ...{ enabled: ours !== null, pid: pid === undefined ? null : Number(pid) },
        ...{ atBoot: false, bootHint: null, editHint: `launchctl setenv <name> <value>` },
      };
    },
  };
}

/** Without a login at the screen, as by ssh alone, there is no domain for agents of the user. */
async function requireDomain(machine: Machine, domain: string): Promise<void> {
  const { code } = await runTool(machine, 'launchctl', ['print', domain]);
  if (code === 0) return;
  throw new Problem('unavailable', `launchd runs no agents for you here.`, {
    hint: 'Log in at the screen of this machine first; else start it yourself with: stint up --detach',
  });
}
