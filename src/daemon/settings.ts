import { realpath } from 'node:fs/promises';
import { changeConfig } from '../config/change-config.ts';
import { checkConfig } from '../config/check-config.ts';
import { listSettings } from '../config/list-settings.ts';
import type { LiveConfig } from '../config/live-config.ts';
import { readConfigFile } from '../config/load-config.ts';
import { needsRestart } from '../config/restart.ts';
import { Problem } from '../core/problem.ts';
import { describeFileError, writeFileAtomic } from '../lib/atomic-file.ts';
import type { Settings } from '../operations/context.ts';

/** A setting that is right by itself and cannot be acted on: a file that it names is missing. */
export type ActingFault = { readonly part: string; readonly problem: Problem };

/**
 * The settings of a running daemon. A change is written to the file, and acts when `set` resolves. `others` says what
 * those who act on the settings found wrong.
 */
export function openSettings(live: LiveConfig, others: () => readonly ActingFault[] = () => []): Settings {
  return {
    file: live.path,
    list: () => listSettings(live.wanted()),
    async set(field, value) {
      // A file that is kept elsewhere is changed there, and the link stays.
      const file = await realpath(live.path).catch(() => live.path);
      const text = (await readConfigFile(file)) ?? '';
      const changed = changeConfig(text, { path: file, held: live.wanted() }, { field, value });
      if (changed !== text) await write(file, changed);
      await live.reload();
      return { needsRestart: needsRestart(field) && live.pendingRestart().includes(field) };
    },
    async check() {
      const found = await checkConfig(live.path);
      const more = others().map(({ part, problem: { message, hint } }) => ({
        ...{ check: `settings of ${part}`, ok: false, detail: message, hint: hint ?? null },
      }));
      return [...found.filter((each) => more.length === 0 || each.hint !== null), ...more];
    },
    pendingRestart: () => live.pendingRestart(),
    refused: () => [...live.faults(), ...others()].map(({ problem }) => problem.message),
  };
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(file, text);
  } catch (error) {
    throw new Problem('unavailable', `${file} cannot be written: ${describeFileError(error)}.`, {
      hint: 'Nothing was changed. See to the folder, then try again.',
      cause: error,
    });
  }
}
