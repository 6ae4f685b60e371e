import { Problem } from '../core/problem.ts';
import { checkConfig, type ConfigFinding } from './check-config.ts';
import { listSettings, type Setting } from './list-settings.ts';
import { loadConfig } from './load-config.ts';

/** The settings of a file while no daemon has them. They are only read: who changes them needs a daemon or an editor. */
export async function offlineSettings(file: string): Promise<{
  readonly file: string;
  list(): readonly Setting[];
  check(): Promise<readonly ConfigFinding[]>;
  set(): never;
  pendingRestart(): readonly string[];
  refused(): readonly string[];
}> {
  const read = await loadConfig(file).catch((error: unknown) => {
    if (error instanceof Problem) return error;
    throw error;
  });
  return {
    file,
    list() {
      if (read instanceof Problem) throw read;
      return listSettings(read);
    },
    check: () => checkConfig(file),
    set() {
      throw new Problem('unavailable', 'The Stint daemon is not running.', {
        hint: 'Start it with: stint up --detach',
      });
    },
    pendingRestart: () => [],
    refused: () => (read instanceof Problem ? [read.message] : []),
  };
}
