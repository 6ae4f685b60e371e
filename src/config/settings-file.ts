import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { describeFileError, hasCode, writeFileAtomic } from '../lib/atomic-file.ts';
import { parseConfig } from './load-config.ts';

/** The settings as a text that people edit. */
export function openSettingsFile(path: string) {
  return {
    path,
    /** Null where there is none. */
    async read(): Promise<string | null> {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return null;
        throw new Problem('invalid', `${path} cannot be read: ${describeFileError(error)}.`, { cause: error });
      }
    },
    /** Throws a Problem that names line and setting. */
    check: (text: string): void => void parseConfig(text, path),
    /** A file that is kept elsewhere is changed there, and the link stays. */
    async write(text: string): Promise<void> {
      await writeFileAtomic(await realpath(path).catch(() => path), text);
    },
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
