import { Problem } from '../core/problem.ts';
import { findServiceManager } from './find-manager.ts';
import type { Installed, Machine, ServiceStatus } from './manager.ts';

/** Beyond the time that open requests have: for closing the store and the log. */
const closingSeconds = 45;
/** What Stint looks at besides, which would be written down in plain text or goes out of date: the user decides. */
const notTaken = [
  ...['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy', 'NODE_EXTRA_CA_CERTS'],
  ...['STINT_VAULT_PASSPHRASE', 'STINT_WEBHOOK_SECRET', 'TELEGRAM_BOT_TOKEN', 'DOCKER_HOST'],
];

export type DaemonService = {
  /** `left` are variables of this shell that the service will not have. Throws a Problem where it cannot be one. */
  install(daemon: Daemon): Promise<Installed & { readonly left: readonly string[] }>;
  /** False when there was none. Throws a Problem where it is for another home. */
  remove(home: string): Promise<boolean>;
  status(): Promise<ServiceStatus>;
};

export type Daemon = {
  readonly home: string;
  /** Flags before `up`, such as ports. */
  readonly flags: readonly string[];
  /** The time that open requests have when it stops. */
  readonly graceSeconds: number;
  readonly start: boolean;
};

/** The daemon as a service; `launcher` is the absolute path of the script that Node runs. */
export function daemonService(machine: Machine, launcher: string): DaemonService {
  const manager = findServiceManager(machine);
  return {
    async install({ home, flags, graceSeconds, start }) {
      const path = machine.environment['PATH'] ?? '';
      const installed = await manager.install({
        home,
        command: [nodeOn(path), keptLauncher(launcher), ...flags, 'up'],
        // Notices, containers and agents are reached by tools that a service would not find.
        environment: { PATH: path },
        stopSeconds: graceSeconds + closingSeconds,
        start,
      });
      return { ...installed, left: notTaken.filter((name) => machine.environment[name]) };
    },
    remove: (home) => manager.remove(home),
    status: () => manager.status(),
  };
}

function nodeOn(path: string): string {
  const node = Bun.which('node', { PATH: path });
  if (node !== null) return node;
  throw new Problem('not_found', 'node is not on the PATH, and the service needs it.', {
    hint: 'Put it there, then: stint service install',
  });
}

/** What npx runs is gone some day. */
function keptLauncher(launcher: string): string {
  if (!launcher.includes('/_npx/')) return launcher;
  throw new Problem('conflict', 'This Stint is in the cache of npx, which does not keep it.', {
    hint: 'Install it first with: npm install -g stint',
  });
}
