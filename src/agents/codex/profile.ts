import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../lib/parse-json.ts';
import { readObject } from '../read-object.ts';
import type { AttemptStart, ProfileMode } from '../profile.ts';
import { planCodex } from './arguments.ts';
import { listenToCodex } from './events.ts';

const loginSchema = z.union([
  z.object({ OPENAI_API_KEY: z.string().min(1) }),
  z.object({ tokens: z.object({ access_token: z.string().min(1) }) }),
]);

/** The first line of a rollout; a subagent's has a source of another form. */
const beginSchema = z.object({
  type: z.literal('session_meta'),
  payload: z.object({ id: z.string(), cwd: z.string(), source: z.enum(['exec', 'cli', 'vscode']) }),
});

/** Reasoning of a rollout. Another account refuses it, and Codex 0.169.0 then fails the turn. */
const reasoningSchema = z.object({
  type: z.literal('response_item'),
  payload: z.object({ type: z.literal('reasoning'), encrypted_content: z.string() }),
});

/** The user's own settings may say keyring, which has one login for all, and of which it cannot be told whether it is there. */
const inFile = ['-c', 'cli_auth_credentials_store="file"'];

/** Codex with a home for each account. https://developers.openai.com/codex/config-advanced */
export const codexProfile: ProfileMode = {
  environment: (folder) => ({ CODEX_HOME: folder }),
  args: inFile,
  withheld: [
    'OPENAI_API_KEY',
    'CODEX_API_KEY',
    'CODEX_ACCESS_TOKEN',
    'CODEX_SQLITE_HOME',
    'OPENAI_BASE_URL',
    'STINT_TOKEN',
  ],
  login: ['login', ...inFile],
  loginHint: null,
  own: (environment) => environment['CODEX_HOME'] || join(environment['HOME'] || homedir(), '.codex'),
  shared: ['config.toml', 'AGENTS.md', 'AGENTS.override.md', 'prompts', 'rules', 'hooks.json', 'hooks', 'plugins'].map(
    (path) => ({ kind: 'link', path }),
  ),
  hasLogin: async (folder) => loginSchema.safeParse(await readObject(join(folder, 'auth.json'))).success,
  transcripts: {
    folders: ['sessions', 'archived_sessions'],
    marker: null,
    fileOf: (session, name) => name.startsWith('rollout-') && name.endsWith(`-${session}.jsonl`),
    begunIn(firstLine, cwd) {
      const begun = beginSchema.safeParse(parseJson(firstLine)).data?.payload;
      return begun?.cwd === cwd ? begun.id : null;
    },
    isForeign: (line) => line.includes('"encrypted_content"') && reasoningSchema.safeParse(parseJson(line)).success,
    current: () => Promise.resolve(null),
  },
  exitSignal: () => null,
  plan(args, given) {
    const { takeover, ...plan } = planCodex(args, given);
    const start = (begun: AttemptStart): AttemptStart => ({ ...begun, args: [...inFile, ...begun.args] });
    return { ...plan, ...start(plan), takeover: takeover && ((session) => start(takeover(session))) };
  },
  listen: listenToCodex,
};
