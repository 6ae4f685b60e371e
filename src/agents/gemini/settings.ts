import { readFile } from 'node:fs/promises';
import { homedir, platform } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../lib/parse-json.ts';
import type { Obstacle, Start } from '../agent.ts';

const auth = z.looseObject({
  security: z
    .looseObject({
      auth: z
        .looseObject({
          selectedType: z.string().optional().catch(undefined),
          enforcedType: z.string().optional().catch(undefined),
        })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** How the settings say to log in: `gemini-api-key`, `vertex-ai`, `oauth-personal`; null where they do not. */
export function authTypeOf(settings: object): string | null {
  return auth.parse(settings).security?.auth?.selectedType ?? null;
}

/** Reads settings as Gemini CLI does, comments and all; empty for a text that holds none. */
export function parseSettings(text: string): object {
  const value = parseJson(withoutComments(text.replace(/^\uFEFF/, '')));
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (each) => (each.startsWith('"') ? each : ' '));
}

/** Gemini CLI's home: `.gemini` lies in it. */
export function homeOf(environment: Start['environment']): string {
  return environment['GEMINI_CLI_HOME'] || environment['HOME'] || homedir();
}

/** https://geminicli.com/docs/reference/configuration */
function systemFile(environment: Start['environment']): string {
  const set = environment['GEMINI_CLI_SYSTEM_SETTINGS_PATH'];
  if (set !== undefined && set !== '') return set;
  if (platform() === 'darwin') return '/Library/Application Support/GeminiCli/settings.json';
  return '/etc/gemini-cli/settings.json';
}

/**
 * Finds what stands above the user's settings and names another way to log in: the folder's own settings, which count
 * in a trusted folder, and those of the machine. Files with variables are no obstacle: they replace nothing that is set.
 */
export async function settingsObstacles(
  { cwd, environment }: Start,
  system = systemFile(environment),
): Promise<Obstacle[]> {
  const ofFolder = join(cwd, '.gemini/settings.json');
  // Behind an overlay the home folder is one like any other, and the user's own settings are those of the folder.
  const isHome = resolve(homeOf(environment)) === resolve(cwd);
  const found = await Promise.all([
    obstaclesIn(ofFolder, isHome ? 'Start gemini in another folder than your home folder.' : null),
    obstaclesIn(system, null),
  ]);
  return found.flat();
}

const effects = {
  selectedType: 'sends gemini past the gateway',
  enforcedType: 'refuses the key that the gateway gives to gemini',
};

async function obstaclesIn(file: string, hint: string | null): Promise<Obstacle[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const settings = auth.parse(parseSettings(text)).security?.auth;
  return (['selectedType', 'enforcedType'] as const).flatMap((key) => {
    const value = settings?.[key];
    if (value === undefined || value === 'gemini-api-key') return [];
    const name = `security.auth.${key}`;
    return [{ file, name, says: `${name} in ${file} ${effects[key]}.`, hint: hint ?? `Remove ${name} from ${file}.` }];
  });
}
