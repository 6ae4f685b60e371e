import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { parseConfig, readConfigFile, writeConfigFile } from './load-config.ts';

/** The settings as a text that people edit. */
export function openSettingsFile(path: string) {
  return {
    path,
    /** Null where there is none. */
    async read(): Promise<string | null> {
      return (await readConfigFile(path)) ?? null;
    },
    /** Throws a Problem that names line and setting. */
    check: (text: string): void => void parseConfig(text, path),
    write: (text: string) => writeConfigFile(path, text),
    /** Keeps a text that cannot be used; returns where. */
    async keepAside(text: string): Promise<string> {
      const kept = `${path}.rejected`;
      await writeFileAtomic(kept, text);
      return kept;
    },
    /** A copy for an editor, which may leave backups beside it; in a folder that only its user can open. */
    async openDraft(text: string) {
      const folder = await mkdtemp(join(tmpdir(), 'stint-config-'));
      const draft = join(folder, 'config.toml');
      await writeFile(draft, text, { mode: 0o600 });
      return {
        path: draft,
        read: () => readFile(draft, 'utf8'),
        remove: () => rm(folder, { recursive: true, force: true }),
      };
    },
  };
}
