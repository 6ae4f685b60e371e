import { Problem } from '../core/problem.ts';
import { launchdManager } from './launchd.ts';
import type { Machine, ServiceManager } from './manager.ts';
import { systemdManager } from './systemd.ts';

/** Whoever starts services on this machine. Throws a Problem where nobody does, and for root in a user’s name. */
export function findServiceManager(machine: Machine): ServiceManager {
  if (machine.uid === 0 && machine.environment['SUDO_USER']) {
    throw new Problem('forbidden', 'The service belongs to a user, and this is root by sudo.', {
      hint: 'Run it without sudo.',
    });
  }
  const tool = machine.platform === 'darwin' ? 'launchctl' : 'systemctl';
  if (Bun.which(tool, { PATH: machine.environment['PATH'] ?? '' }) === null) {
    throw new Problem('unavailable', `This machine has no ${tool}, so that Stint cannot be its service.`, {
      hint: 'Have whatever starts services here run: stint up',
    });
  }
  return machine.platform === 'darwin' ? launchdManager(machine) : systemdManager(machine);
}
