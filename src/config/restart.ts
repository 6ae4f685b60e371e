import type { Config } from './config-schema.ts';
import { takeFrom } from './field.ts';

/** What is read once, when the daemon starts: sockets and the vault are open by then. Everything else acts at once. */
const readAtStart = [
  'control',
  'agent',
  'agents',
  'insecureBind',
  'gateway.bodyLimitMiB',
  'gateway.bodiesInFlightMiB',
  'network',
  'vault',
];

/** Whether a new value of this setting acts after a restart only. */
export function needsRestart(field: string): boolean {
  return readAtStart.some((each) => field === each || field.startsWith(`${each}.`));
}

/** New settings as far as they act on a daemon that was started with others. */
export function actingOn(started: Config, wanted: Config): Config {
  return readAtStart.reduce((config, field) => takeFrom(config, started, field.split('.')), wanted);
}
