import { readdir, readFile } from 'node:fs/promises';
import { homedir, platform } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Obstacle, Start } from '../agent.ts';

/** Settings that an administrator has put on a machine. https://docs.claude.com/en/docs/claude-code/settings */
const managedFolder = platform() === 'darwin' ? '/Library/Application Support/ClaudeCode' : '/etc/claude-code';

type Source = { readonly file: string; readonly text: string };
type Setting = { readonly file: string; readonly value: string };

/**
 * Finds what Claude Code's own settings set in the place of Stint's variables: it puts their `env` over the environment
 * that it was started in. Of several files the one that wins counts. An API key, an `apiKeyHelper` and a login are no
 * obstacle, for they are sent beside the phantom or not at all.
 */
export async function settingsObstacles(start: Start, managed = managedFolder): Promise<Obstacle[]> {
  const settings = new Map<string, Setting>();
  for (const { file, text } of await readSources(start, managed)) {
    for (const [name, value] of variablesOf(text)) settings.set(name, { file, value });
  }
  return [...settings].flatMap(([name, { file, value }]) => {
    const effect = effectOf(name, value, start.gatewayPort);
    if (effect === undefined) return [];
    return [{ file, name, says: `${name} in ${file} ${effect}.`, hint: `Remove ${name} from the env of ${file}.` }];
  });
}

/** Where Claude Code 2.1.197 was seen to take `env` from, weakest first. */
async function readSources({ cwd, environment, args }: Start, managed: string): Promise<Source[]> {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: { settings: { type: 'string' }, 'setting-sources': { type: 'string' } },
  });
  const home = environment['HOME'] || homedir();
  const own = environment['CLAUDE_CONFIG_DIR'];
  const folder = own ?? join(home, '.claude');
  const chosen = textOf(values['setting-sources'])
    ?.split(',')
    .map((each) => each.trim());
  const files = [
    ['user', resolve(cwd, folder, 'settings.json')],
    ['project', join(cwd, '.claude/settings.json')],
    ['local', join(cwd, '.claude/settings.local.json')],
  ] as const;
  const read = await Promise.all([
    readGlobal(resolve(cwd, folder, '.config.json'), resolve(cwd, own || home, '.claude.json')),
    ...files.filter(([scope]) => chosen?.includes(scope) ?? true).map(([, file]) => readSource(file)),
    readFlag(textOf(values['settings']), cwd),
    readManaged(managed),
  ]);
  return read.flat();
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The older name of the file takes the whole place of the other. */
async function readGlobal(older: string, file: string): Promise<Source[]> {
  const found = await readSource(older);
  return found.length > 0 ? found : readSource(file);
}

/** `--settings` takes a file or the JSON itself. */
async function readFlag(value: string | undefined, cwd: string): Promise<Source[]> {
  if (value === undefined) return [];
  return value.trim().startsWith('{') ? [{ file: '--settings', text: value }] : readSource(resolve(cwd, value));
}

async function readManaged(folder: string): Promise<Source[]> {
  const more = await readdir(join(folder, 'managed-settings.d')).catch(() => []);
  const names = more.filter((name) => name.endsWith('.json') && !name.startsWith('.')).sort();
  const files = ['managed-settings.json', ...names.map((name) => join('managed-settings.d', name))];
  return (await Promise.all(files.map((file) => readSource(join(folder, file))))).flat();
}

async function readSource(file: string): Promise<Source[]> {
  return readFile(file, 'utf8').then(
    (text) => [{ file, text }],
    () => [],
  );
}

/** A file that is no JSON sets nothing: Claude Code leaves it out as well. */
function variablesOf(text: string): [string, string][] {
  try {
    const { env } = JSON.parse(text.replace(/^\uFEFF/, '')) as { env?: unknown };
    return typeof env !== 'object' || env === null
      ? []
      : Object.entries(env).map(([name, value]) => [name, String(value)]);
  } catch {
    return [];
  }
}

function effectOf(name: string, value: string, gatewayPort: number | undefined): string | undefined {
  switch (name) {
    case 'ANTHROPIC_BASE_URL':
      return leadsToGateway(value, gatewayPort) ? undefined : 'sends claude past the gateway';
    case 'ANTHROPIC_AUTH_TOKEN':
      // Somebody who has put `stint env claude` into the settings reaches the gateway.
      return value.startsWith('stint-') ? undefined : 'replaces the token that the gateway gave to claude';
    case 'ANTHROPIC_UNIX_SOCKET':
      return value === '' ? undefined : 'sends claude past the gateway';
    case 'CLAUDE_CODE_USE_BEDROCK':
    case 'CLAUDE_CODE_USE_VERTEX':
    case 'CLAUDE_CODE_USE_FOUNDRY':
    case 'CLAUDE_CODE_USE_MANTLE':
    case 'CLAUDE_CODE_USE_ANTHROPIC_AWS':
      return /^\s*(1|true|yes|on)\s*$/i.test(value) ? 'sends claude past the gateway' : undefined;
    default:
      return undefined;
  }
}

/** The host is left open: the gateway's address has several names. */
function leadsToGateway(value: string, gatewayPort: number | undefined): boolean {
  if (gatewayPort === undefined || !URL.canParse(value)) return false;
  const { port, pathname } = new URL(value);
  return port === String(gatewayPort) && /^\/anthropic\/?$/.test(pathname);
}
