import { Problem } from '../core/problem.ts';
import { changeConfig } from './change-config.ts';
import { checkConfig, type ConfigFinding } from './check-config.ts';
import { configSchema, type Config } from './config-schema.ts';
import { listSettings, type Setting } from './list-settings.ts';
import { loadConfig, readConfigFile, writeConfigFile } from './load-config.ts';
import { readParts } from './parts.ts';

export type OfflineOptions = {
  readonly file: string;
  /** Whether a setting is to be changed: then sections that are wrong are as they come, to be mended one by one. */
  readonly toChange: boolean;
  /** Looks at the files that the settings name. */
  readonly checkFiles: (config: Config) => Promise<readonly ConfigFinding[]>;
};

/** The settings of a file while no daemon has them: one that keeps it from starting can be found, and mended. */
export async function offlineSettings({ file, toChange, checkFiles }: OfflineOptions): Promise<{
  readonly file: string;
  list(): readonly Setting[];
  check(): Promise<readonly ConfigFinding[]>;
  set(field: string, value: string | null): Promise<{ needsRestart: false; warning: string | null }>;
  pendingRestart(): readonly string[];
  refused(): readonly string[];
}> {
  const held = configSchema.parse({});
  const load = async (): Promise<Config | Problem> => {
    try {
      if (!toChange) return await loadConfig(file);
      return readParts((await readConfigFile(file)) ?? '', file, { held }).config;
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  };
  let read = await load();
  const check = async (): Promise<readonly ConfigFinding[]> => {
    const found = await checkConfig(file);
    const { config } = readParts((await readConfigFile(file).catch(() => '')) ?? '', file, { held });
    const more = await checkFiles(config);
    return [...found.filter((each) => more.length === 0 || each.hint !== null), ...more];
  };
  return {
    file,
    list() {
      if (read instanceof Problem) throw read;
      return listSettings(read);
    },
    check,
    async set(field, value) {
      const text = (await readConfigFile(file)) ?? '';
      const changed = changeConfig(text, { path: file, held }, { field, value });
      if (changed !== text) await writeConfigFile(file, changed);
      read = await load();
      const wrong = (await check()).find((each) => !each.ok);
      return { needsRestart: false, warning: wrong === undefined ? null : `Still wrong: ${wrong.detail}` };
    },
    pendingRestart: () => [],
    refused: () => (read instanceof Problem ? [read.message] : []),
  };
}
