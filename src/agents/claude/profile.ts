import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readObject } from '../read-object.ts';
import type { ProfileMode, Shared } from '../profile.ts';
import { planClaude } from './arguments.ts';
import { listenToClaude } from './events.ts';

/** Variables that take the place of a login or lead its token elsewhere, wherever they are set. */
const credentialVariables = [
  ...['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_UNIX_SOCKET'],
  ...['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX', 'CLAUDE_CODE_USE_FOUNDRY', 'CLAUDE_CODE_USE_MANTLE'],
  ...['CLAUDE_CODE_USE_ANTHROPIC_AWS', 'AWS_BEARER_TOKEN_BEDROCK', 'ANTHROPIC_CUSTOM_HEADERS', 'ANTHROPIC_BASE_URL'],
  ...['ANTHROPIC_BEDROCK_BASE_URL', 'ANTHROPIC_VERTEX_BASE_URL', 'ANTHROPIC_FOUNDRY_BASE_URL'],
  ...['ANTHROPIC_FOUNDRY_API_KEY', 'ANTHROPIC_FOUNDRY_RESOURCE', 'ANTHROPIC_AWS_BASE_URL', 'ANTHROPIC_AWS_API_KEY'],
  ...['CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR', 'CLAUDE_CODE_API_KEY_FILE_DESCRIPTOR', 'STINT_TOKEN'],
];
const credentialSettings = new Set(['apiKeyHelper', 'awsAuthRefresh', 'awsCredentialExport', 'gcpAuthRefresh']);

/** What Claude Code keeps of a project that is the user's choice, and not the account's. */
const projectChoices = [
  ...['mcpServers', 'allowedTools', 'enabledMcpjsonServers', 'disabledMcpjsonServers', 'hasTrustDialogAccepted'],
  ...['hasCompletedProjectOnboarding'],
];
const globalChoices = ['mcpServers', 'theme', 'hasCompletedOnboarding', 'editorMode', 'autoUpdates'];

const loginSchema = z.object({ claudeAiOauth: z.object({ accessToken: z.string().min(1) }) });
const accountSchema = z.union([
  z.object({ oauthAccount: z.object({ accountUuid: z.string() }) }),
  z.object({ primaryApiKey: z.string().min(1) }),
]);

const liveSchema = z.object({ sessionId: z.string() });

const links = [
  ...['CLAUDE.md', 'agents', 'commands', 'skills', 'hooks', 'output-styles', 'rules', 'plugins', 'keybindings.json'],
  ...['themes'],
];
const shared: readonly Shared[] = [
  ...links.map((path) => ({ kind: 'link', path }) as const),
  { kind: 'merge', path: 'settings.json', pick: (own, theirs) => ({ ...theirs, ...withoutCredentials(own) }) },
  // Without CLAUDE_CONFIG_DIR it lies beside the directory, not in it.
  { kind: 'merge', path: '.claude.json', from: '../.claude.json', pick: pickGlobal },
];

/** Claude Code with a configuration directory for each account. https://docs.claude.com/en/docs/claude-code/settings */
export const claudeProfile: ProfileMode = {
  environment: (folder) => ({ CLAUDE_CONFIG_DIR: folder }),
  withheld: credentialVariables,
  login: ['auth', 'login'],
  loginHint: null,
  own: (environment) => environment['CLAUDE_CONFIG_DIR'] || join(environment['HOME'] || homedir(), '.claude'),
  shared,
  hasLogin: async (folder) =>
    loginSchema.safeParse(await readObject(join(folder, '.credentials.json'))).success ||
    // On macOS the token itself is in the keychain.
    accountSchema.safeParse(await readObject(join(folder, '.claude.json'))).success,
  transcripts: {
    folders: ['projects'],
    marker: null,
    fileOf: (session, name) => name === `${session}.jsonl`,
    // A new one always has the id that we chose.
    begunIn: () => null,
    // Written while it runs; `/clear` and `/resume` change it. Claude Code 2.1.197.
    current: async (folder, pid) => {
      const live = liveSchema.safeParse(await readObject(join(folder, 'sessions', `${pid}.json`)));
      return live.data?.sessionId ?? null;
    },
  },
  exitSignal: () => null,
  plan: planClaude,
  listen: listenToClaude,
};

function withoutCredentials(own: object): object {
  const kept = Object.entries(own).filter(([name]) => !credentialSettings.has(name));
  return Object.fromEntries(
    kept.map(([name, value]) => [name, name === 'env' && isObject(value) ? withoutVariables(value) : value]),
  );
}

function withoutVariables(env: object): object {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !credentialVariables.includes(name)));
}

function pickGlobal(own: object, theirs: object): object {
  const mine = objectAt(own, 'projects');
  const known = objectAt(theirs, 'projects');
  const projects = Object.keys(mine).map((path) => [
    path,
    { ...objectAt(known, path), ...choose(objectAt(mine, path), projectChoices) },
  ]);
  return { ...theirs, ...choose(own, globalChoices), projects: { ...known, ...Object.fromEntries(projects) } };
}

function choose(from: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}

function objectAt(from: object, name: string): object {
  const value = (from as Readonly<Record<string, unknown>>)[name];
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
