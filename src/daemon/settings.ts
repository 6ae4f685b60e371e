import { changeConfig } from '../config/change-config.ts';
import { checkConfig } from '../config/check-config.ts';
import { listSettings } from '../config/list-settings.ts';
import type { LiveConfig } from '../config/live-config.ts';
import { readConfigFile, writeConfigFile } from '../config/load-config.ts';
import { needsRestart } from '../config/restart.ts';
import type { Config } from '../config/config-schema.ts';
import type { Problem } from '../core/problem.ts';
import type { Settings } from '../operations/context.ts';
import type { Finding } from '../operations/shape.ts';

/** A setting that is right by itself and cannot be acted on: a file that it names is missing. */
export type ActingFault = { readonly part: string; readonly problem: Problem };

/** Those who act on the settings. */
export type Acting = {
  /** What they found wrong. */
  readonly faults: readonly ActingFault[];
  /** Resolves when they act on the settings as they are now. */
  settled(): Promise<void>;
  /** Looks again at what they found wrong; resolves when what was mended acts. */
  look(): Promise<void>;
};

const nobody: Acting = { faults: [], settled: () => Promise.resolve(), look: () => Promise.resolve() };

/** The settings of a running daemon. A change is written to the file, and acts when `set` resolves. */
export function openSettings(
  live: LiveConfig,
  acting: () => Acting = () => nobody,
  checkNamed: (config: Config) => Promise<readonly Finding[]> = () => Promise.resolve([]),
): Settings {
  return {
    file: live.path,
    list: () => listSettings(live.wanted()),
    async set(field, value) {
      const text = (await readConfigFile(live.path)) ?? '';
      const { path, insecureBind } = live;
      const changed = changeConfig(text, { path, held: live.wanted(), insecureBind }, { field, value });
      const changedByUs = live.announce(field);
      try {
        if (changed !== text) await writeConfigFile(path, changed);
        await live.reload();
      } finally {
        changedByUs();
      }
      await acting().settled();
      const fault = acting().faults.find(({ part }) => `${field}.`.startsWith(`${part}.`));
      return {
        needsRestart: needsRestart(field) && live.pendingRestart().includes(field),
        warning: fault === undefined ? null : warningOf(fault),
      };
    },
    async check() {
      const found = await checkConfig(live.path, live.insecureBind);
      await acting().look();
      const named = await checkNamed(live.wanted());
      const fromActing = acting().faults.map(({ part, problem: { message, hint } }) => ({
        ...{ check: `settings of ${part}`, ok: false, detail: message, hint: hint ?? null },
      }));
      const more = [...named, ...fromActing];
      return [...found.filter((each) => more.length === 0 || each.hint !== null), ...more];
    },
    pendingRestart: () => live.pendingRestart(),
    refused: () => [...live.faults(), ...acting().faults].map(({ problem }) => problem.message),
  };
}

/** The setting is in the file, and may be one half of what is wanted: it stays. */
function warningOf({ problem: { message, hint } }: ActingFault): string {
  return `It is set, and does not act yet: ${message}${hint === undefined ? '' : ` ${hint}`}`;
}
