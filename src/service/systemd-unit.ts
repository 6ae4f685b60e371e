import type { ServiceSetup } from './manager.ts';
import { marker } from './written-file.ts';

/** The unit of systemd for a user. https://www.freedesktop.org/software/systemd/man/systemd.service.html */
export function systemdUnit({ home, command, environment, stopSeconds }: Omit<ServiceSetup, 'start'>): string {
  const [executable = '', ...args] = command;
  const variables = Object.entries({ ...environment, STINT_HOME: home });
  return [
    `# ${marker}`,
    '[Unit]',
    'Description=Stint, which keeps coding agents working when an account hits its limit',
    'StartLimitIntervalSec=300',
    'StartLimitBurst=5',
    '',
    '[Service]',
    'Type=exec',
    ...variables.map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`),
    // Among arguments, and only there, `$` begins a variable.
    `ExecStart=${[quoted(executable), ...args.map((each) => quoted(each.replaceAll('$', '$$$$')))].join(' ')}`,
    'Restart=on-failure',
    'RestartSec=5',
    // A setting that is wrong stays wrong.
    'RestartPreventExitStatus=2',
    // The launcher alone is sent the signal, and hands it on. Agents, and the tmux server that some are on, outlive the daemon.
    'KillMode=process',
    `TimeoutStopSec=${stopSeconds}`,
    'UMask=0077',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n');
}

/** The home that a unit of ours is for. */
export function homeOfUnit(text: string): string | null {
  const [, escaped] = /^Environment="STINT_HOME=(.*)"$/m.exec(text) ?? [];
  return escaped === undefined ? null : escaped.replace(/\\(.)/g, '$1').replaceAll('%%', '%');
}

/** `%` begins a specifier of systemd. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;
}
