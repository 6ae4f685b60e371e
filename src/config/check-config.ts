import { Problem } from '../core/problem.ts';
import { configSchema } from './config-schema.ts';
import { findWarnings } from './conflict.ts';
import { readConfigFile } from './load-config.ts';
import { readParts } from './parts.ts';

/** What is to be said about the file: ok where nothing is wrong. */
export type ConfigFinding = {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint: string | null;
};

/** Finds everything that is wrong with the file as it is, one finding for each section; and what does nothing. */
export async function checkConfig(path: string, insecureBind = false): Promise<readonly ConfigFinding[]> {
  let text: string;
  try {
    text = (await readConfigFile(path)) ?? '';
  } catch (error) {
    if (error instanceof Problem) return [wrong('settings', error)];
    throw error;
  }
  const { config, faults } = readParts(text, path, { held: configSchema.parse({}), insecureBind });
  const warnings = findWarnings(config).map(({ path: field, says }) => ({
    ...{ check: nameOf(field[0] ?? ''), ok: true, detail: `${field.join('.')} ${says}`, hint: `Edit ${path}` },
  }));
  const found = [...faults.map(({ part, problem }) => wrong(nameOf(part), problem)), ...warnings];
  return found.length > 0 ? found : [{ check: 'settings', ok: true, detail: `${path} is right`, hint: null }];
}

function wrong(check: string, { message, hint }: Problem): ConfigFinding {
  return { check, ok: false, detail: message, hint: hint ?? null };
}

function nameOf(part: string): string {
  return part === '' ? 'settings' : `settings of ${part}`;
}
