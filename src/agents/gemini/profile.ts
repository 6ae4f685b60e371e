import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Signal } from '../../core/limit/signal.ts';
import { readRegularFile } from '../../lib/regular-file.ts';
import { readObject } from '../read-object.ts';
import type { ProfileMode } from '../profile.ts';
import { planGemini } from './arguments.ts';
import { listenToGemini } from './events.ts';

const below = '.gemini';
const settingsSchema = z.object({ security: z.record(z.string(), z.unknown()).optional() });
const oauthSchema = z.object({ refresh_token: z.string().min(1) });

/** The exit code is the HTTP status modulo 256. Gemini CLI 0.61.0. */
const limitCode = 429 % 256;
const refusedCode = 401 % 256;

const links = [
  ...['GEMINI.md', 'commands', 'extensions', 'skills', 'agents', 'policies', 'hooks', 'keybindings.json'],
  ...['trustedFolders.json'],
];

/** Gemini CLI with a home for each account: `.gemini` lies in it. https://geminicli.com/docs/reference/configuration */
export const geminiProfile: ProfileMode = {
  environment: (folder) => ({ GEMINI_CLI_HOME: folder }),
  withheld: [
    ...['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_CLOUD_ACCESS_TOKEN', 'GOOGLE_GENAI_USE_GCA'],
    ...['GOOGLE_GENAI_USE_VERTEXAI', 'GOOGLE_APPLICATION_CREDENTIALS', 'GEMINI_FORCE_ENCRYPTED_FILE_STORAGE'],
    ...['GOOGLE_GEMINI_BASE_URL', 'GOOGLE_VERTEX_BASE_URL', 'CODE_ASSIST_ENDPOINT', 'GEMINI_CLI_USE_COMPUTE_ADC'],
    ...['GEMINI_CLI_CUSTOM_HEADERS', 'GEMINI_API_KEY_AUTH_MECHANISM', 'STINT_TOKEN'],
  ],
  login: [],
  loginHint: 'Gemini CLI asks how to log in (/auth asks again); leave it with /quit when it is done.',
  own: (environment) => environment['GEMINI_CLI_HOME'] || environment['HOME'] || homedir(),
  shared: [
    ...links.map((name) => ({ kind: 'link', path: join(below, name) }) as const),
    { kind: 'merge', path: join(below, 'settings.json'), pick: pickSettings },
  ],
  hasLogin: async (folder) => {
    const at = (name: string): string => join(folder, below, name);
    if (oauthSchema.safeParse(await readObject(at('oauth_creds.json'))).success) return true;
    const env = await readRegularFile(at('.env')).catch(() => '');
    if (/^\s*(export\s+)?(GEMINI|GOOGLE)_API_KEY\s*=\s*\S/m.test(env)) return true;
    // Encrypted by the CLI: that it is there is all that can be told.
    return (await readRegularFile(at('gemini-credentials.json')).catch(() => '')) !== '';
  },
  transcripts: {
    folders: [join(below, 'tmp'), join(below, 'history')],
    // Gemini CLI 0.61.0 finds a project's folder by it, whatever the folder is called.
    marker: '.project_root',
    fileOf: (session, name) => name.startsWith('session-') && name.endsWith(`-${session.slice(0, 8)}.jsonl`),
    begunIn: () => null,
    current: () => Promise.resolve(null),
  },
  limitCode,
  exitSignal,
  plan: planGemini,
  listen: listenToGemini,
};

function exitSignal(code: number, supposed: Signal | null): Signal | null {
  if (supposed !== null && (code === limitCode || code === 1)) return supposed;
  const evidence = `gemini ended with exit code ${code}`;
  if (code === limitCode)
    return { kind: 'closed', window: 'requests', family: null, overage: false, until: null, evidence };
  return code === refusedCode ? { kind: 'refused', evidence } : null;
}

/** The way to log in is the account's. */
function pickSettings(own: object, theirs: object): object {
  const { security: mine = {} } = settingsSchema.safeParse(own).data ?? {};
  const { security: known = {} } = settingsSchema.safeParse(theirs).data ?? {};
  const { auth: _, ...rest } = mine;
  return { ...theirs, ...own, security: { ...known, ...rest, ...('auth' in known ? { auth: known['auth'] } : {}) } };
}
