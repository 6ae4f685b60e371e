import { lstat, mkdir, readdir, readFile, readlink, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { toolServerName, toolTokenVariable, toolUrlVariable } from '../job-mode.ts';
import { parseSettings } from './settings.ts';

const below = '.gemini';
/** A login of the user's own has no place behind the gateway: Google forbids its use by other software. */
const ofTheLogin = new Set(['settings.json', 'oauth_creds.json', 'google_accounts.json', 'gemini-credentials.json']);
/** Gemini CLI makes these when it needs them: made before, they are the user's own, and so are the conversations in them. */
const grown = ['tmp', 'history'];

const security = z.looseObject({ security: z.record(z.string(), z.unknown()).optional().catch(undefined) });

/**
 * Makes a home for Gemini CLI in which everything is the user's own but the way to log in. Only settings can name that,
 * and those of the system are read only where root owns them with all their folders (0.61.0). What Gemini CLI itself
 * changes in its settings there is lost at the next start.
 */
export async function makeOverlay(folder: string, home: string, hasTools: boolean): Promise<string> {
  const own = join(home, below);
  const target = join(folder, below);
  await mkdir(target, { recursive: true, mode: 0o700 });
  for (const name of grown) await mkdir(join(own, name), { recursive: true, mode: 0o700 });
  const names = (await readdir(own)).filter((name) => !ofTheLogin.has(name));
  for (const name of names) await linkTo(join(own, name), join(target, name));
  const settings = parseSettings(await readFile(join(own, 'settings.json'), 'utf8').catch(() => ''));
  const all = hasTools ? withTools(withKey(settings)) : withKey(settings);
  await writeFileAtomic(join(target, 'settings.json'), `${JSON.stringify(all, null, 2)}\n`);
  return folder;
}

function withKey(settings: object): object {
  const { security: known = {} } = security.parse(settings);
  return { ...settings, security: { ...known, auth: { selectedType: 'gemini-api-key' } } };
}

const servers = z.looseObject({ mcpServers: z.record(z.string(), z.unknown()).optional().catch(undefined) });
/** Above the 100 seconds that a tool waits. */
const toolTimeoutMs = 180_000;

/** The server of a job's tools, beside the user's own. Gemini CLI fills variables in, and asks nobody about trusted tools. */
function withTools(settings: object): object {
  const { mcpServers = {} } = servers.parse(settings);
  const headers = { Authorization: `Bearer $${toolTokenVariable}` };
  const server = { httpUrl: `$${toolUrlVariable}`, headers, trust: true, timeout: toolTimeoutMs };
  return { ...settings, mcpServers: { ...mcpServers, [toolServerName]: server } };
}

/** Gemini CLI replaces some of its files instead of writing into them, and with them the link; a folder is never removed. */
async function linkTo(own: string, link: string): Promise<void> {
  const there = await lstat(link).catch(() => null);
  if (there?.isDirectory() === true) return;
  if (there?.isSymbolicLink() === true && (await readlink(link).catch(() => null)) === own) return;
  // In one step: other starts of the same agent may be at it.
  const made = `${link}.${crypto.randomUUID()}`;
  await symlink(own, made);
  await rename(made, link);
}
