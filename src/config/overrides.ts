import { Problem } from '../core/problem.ts';
import { findConflicts } from './conflict.ts';
import type { Config } from './config-schema.ts';

/** Settings from flags or the environment, which are text there. What is undefined or empty overrides nothing. */
export type Overrides = {
  readonly controlPort?: string | number | undefined;
  readonly agentPort?: string | number | undefined;
  /** Allows what `insecureBind` in the file does; false takes nothing back. */
  readonly insecureBind?: boolean | undefined;
};

/** Lays overrides over the settings of the file. Throws a Problem that names the one that is wrong. */
export function applyOverrides(config: Config, overrides: Overrides): Config {
  const changed = {
    ...config,
    control: { ...config.control, port: parsePort(overrides.controlPort, 'control port') ?? config.control.port },
    agent: { ...config.agent, port: parsePort(overrides.agentPort, 'agent port') ?? config.agent.port },
    insecureBind: config.insecureBind || overrides.insecureBind === true,
  };
  const [conflict] = findConflicts(changed);
  if (conflict !== undefined) throw new Problem('invalid', `${conflict.path.join('.')} ${conflict.says}.`);
  return changed;
}

function parsePort(given: string | number | undefined, name: string): number | undefined {
  const text = String(given ?? '').trim();
  if (text === '') return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Problem('invalid', `The ${name} must be a whole number from 0 to 65535, not "${text}".`, {
    hint: '0 takes any free port.',
  });
}
