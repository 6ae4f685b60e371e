import { describe, expect, test } from 'bun:test';
import { lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { claudeProfile } from '../agents/claude/profile.ts';
import { codexProfile } from '../agents/codex/profile.ts';
import { geminiProfile } from '../agents/gemini/profile.ts';
import type { ProfileMode } from '../agents/profile.ts';
import { shareSettings } from './settings.ts';

function open(mode: ProfileMode) {
  const folder = temporaryFolder();
  const home = join(folder.path, 'home');
  const profile = join(folder.path, 'profile');
  mkdirSync(profile);
  const write = (path: string, content: unknown): void => {
    const file = join(folder.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  };
  return {
    folder,
    profile,
    home,
    write,
    share: () => shareSettings(mode, { profile, environment: { HOME: home } }),
    linkOf: (path: string) => readlinkSync(join(profile, path)),
    json: (path: string) => JSON.parse(readFileSync(join(profile, path), 'utf8')) as unknown,
    has: (path: string) => lstatSync(join(profile, path), { throwIfNoEntry: false }) !== undefined,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

describe('the profile of Claude Code', () => {
  test('links what is only read, and not the login', async () => {
    using rig = open(claudeProfile);
    rig.write('home/.claude/CLAUDE.md', 'be brief');
    rig.write('home/.claude/skills/a/SKILL.md', 'skill');
    rig.write('home/.claude/.credentials.json', { claudeAiOauth: { accessToken: 'sk-ant-oat01-test-0' } });
    rig.write('home/.claude/projects/x/1.jsonl', '{}');
    await rig.share();
    expect(rig.linkOf('CLAUDE.md')).toBe(join(rig.home, '.claude/CLAUDE.md'));
    expect(readFileSync(join(rig.profile, 'skills/a/SKILL.md'), 'utf8')).toBe('skill');
    expect(['.credentials.json', 'projects', 'agents'].filter((each) => rig.has(each))).toEqual([]);
  });

  test('takes over settings but no credential', async () => {
    using rig = open(claudeProfile);
    rig.write('home/.claude/settings.json', {
      model: 'opus',
      hooks: { Stop: [] },
      apiKeyHelper: 'echo sk-test-0',
      env: { EDITOR: 'vi', ANTHROPIC_AUTH_TOKEN: 'sk-test-1', ANTHROPIC_API_KEY: 'sk-test-2' },
    });
    rig.write('profile/settings.json', { model: 'sonnet', theme: 'dark' });
    await rig.share();
    expect(rig.json('settings.json')).toEqual({
      model: 'opus',
      theme: 'dark',
      hooks: { Stop: [] },
      env: { EDITOR: 'vi' },
    });
    expect(statSync(join(rig.profile, 'settings.json')).mode & 0o777).toBe(0o600);
  });

  test('takes over MCP servers and trust, not whose account it is', async () => {
    using rig = open(claudeProfile);
    const mcpServers = { files: { command: 'x' } };
    const mine = { mcpServers: { local: { command: 'y' } }, hasTrustDialogAccepted: true, lastCost: 3 };
    rig.write('home/.claude.json', {
      mcpServers,
      hasCompletedOnboarding: true,
      oauthAccount: { accountUuid: 'mine' },
      primaryApiKey: 'sk-test-3',
      projects: { '/a': mine },
    });
    rig.write('profile/.claude.json', {
      oauthAccount: { accountUuid: 'its' },
      projects: { '/a': { lastCost: 5 }, '/b': {} },
    });
    await rig.share();
    expect(rig.json('.claude.json')).toEqual({
      mcpServers,
      hasCompletedOnboarding: true,
      oauthAccount: { accountUuid: 'its' },
      projects: { '/a': { ...mine, lastCost: 5 }, '/b': {} },
    });
  });

  test('leaves out what the user has taken away, and nothing else', async () => {
    using rig = open(claudeProfile);
    rig.write('elsewhere/agents.md', 'x');
    rig.write('home/.claude/other.md', 'x');
    symlinkSync(join(rig.home, '.claude/CLAUDE.md'), join(rig.profile, 'CLAUDE.md'));
    symlinkSync(join(rig.folder.path, 'elsewhere'), join(rig.profile, 'agents'));
    rig.write('profile/commands/own.md', 'mine');
    rig.write('home/.claude/commands/shared.md', 'shared');
    await rig.share();
    expect(rig.has('CLAUDE.md')).toBe(false);
    expect(rig.linkOf('agents')).toBe(join(rig.folder.path, 'elsewhere'));
    expect(rig.has('commands/own.md')).toBe(true);
  });

  test('has nothing of the profile in which the agent that starts it runs', async () => {
    using rig = open(claudeProfile);
    rig.write('home/.claude/settings.json', { model: 'opus' });
    rig.write('stint/profiles/anthropic/a/settings.json', { model: 'of a' });
    rig.write('stint/profiles/anthropic/a/CLAUDE.md', 'of a');
    const CLAUDE_CONFIG_DIR = join(rig.folder.path, 'stint/profiles/anthropic/a');
    const environment = { HOME: rig.home, STINT_HOME: join(rig.folder.path, 'stint'), CLAUDE_CONFIG_DIR };
    await shareSettings(claudeProfile, { profile: rig.profile, environment });
    expect(rig.json('settings.json')).toEqual({ model: 'opus' });
    expect(rig.has('CLAUDE.md')).toBe(false);
  });

  test('that is the user’s own directory stays as it is', async () => {
    using rig = open(claudeProfile);
    rig.write('home/.claude/settings.json', { apiKeyHelper: 'mine' });
    await shareSettings(claudeProfile, { profile: join(rig.home, '.claude'), environment: { HOME: rig.home } });
    expect(readFileSync(join(rig.home, '.claude/settings.json'), 'utf8')).toBe('{"apiKeyHelper":"mine"}');
  });
});

test('the profile of Codex links its settings and instructions', async () => {
  using rig = open(codexProfile);
  rig.write('home/.codex/config.toml', 'model = "gpt-6"\n');
  rig.write('home/.codex/AGENTS.md', 'be brief');
  rig.write('home/.codex/auth.json', { OPENAI_API_KEY: 'sk-test-4' });
  await rig.share();
  expect([rig.has('config.toml'), rig.has('AGENTS.md'), rig.has('auth.json')]).toEqual([true, true, false]);
});

test('the profile of Gemini CLI keeps its own way to log in', async () => {
  using rig = open(geminiProfile);
  rig.write('home/.gemini/settings.json', {
    mcpServers: {},
    security: { auth: { selectedType: 'oauth-personal' }, x: 1 },
  });
  rig.write('home/.gemini/GEMINI.md', 'be brief');
  rig.write('home/.gemini/.env', 'GEMINI_API_KEY=AIza-test-0');
  rig.write('profile/.gemini/settings.json', { security: { auth: { selectedType: 'gemini-api-key' } } });
  await rig.share();
  expect(rig.json('.gemini/settings.json')).toEqual({
    mcpServers: {},
    security: { auth: { selectedType: 'gemini-api-key' }, x: 1 },
  });
  expect([rig.has('.gemini/GEMINI.md'), rig.has('.gemini/.env')]).toEqual([true, false]);
});

const modes = { claude: claudeProfile, codex: codexProfile, gemini: geminiProfile };

describe('a login', () => {
  test.each([
    ['claude', '.credentials.json', { claudeAiOauth: { accessToken: 'sk-ant-oat01-test-0' } }],
    ['claude', '.claude.json', { oauthAccount: { accountUuid: 'u' } }],
    ['codex', 'auth.json', { OPENAI_API_KEY: 'sk-test-5' }],
    ['codex', 'auth.json', { OPENAI_API_KEY: null, tokens: { access_token: 'eyJ', refresh_token: 'r' } }],
    ['gemini', '.gemini/oauth_creds.json', { refresh_token: '1//test' }],
    ['gemini', '.gemini/.env', 'export GEMINI_API_KEY=AIza-test-1\n'],
    ['gemini', '.gemini/gemini-credentials.json', 'a0:b1:c2'],
  ])('of %s is seen in %s', async (agent, path, content) => {
    const mode = modes[agent as keyof typeof modes];
    using rig = open(mode);
    rig.write(`profile/${path}`, content);
    expect(await mode.hasLogin(rig.profile)).toBe(true);
  });

  test.each([
    ['claude', '.credentials.json', '{ "claudeAiOauth": '],
    ['claude', '.claude.json', { hasCompletedOnboarding: true }],
    ['codex', 'auth.json', { OPENAI_API_KEY: null, tokens: null }],
    ['gemini', '.gemini/.env', '# GEMINI_API_KEY=\nGEMINI_API_KEY=\n'],
    ['gemini', '.gemini/settings.json', { security: { auth: { selectedType: 'oauth-personal' } } }],
  ])('of %s is not seen in %s', async (agent, path, content) => {
    const mode = modes[agent as keyof typeof modes];
    using rig = open(mode);
    rig.write(`profile/${path}`, content);
    expect(await mode.hasLogin(rig.profile)).toBe(false);
    expect(await mode.hasLogin(join(rig.profile, 'missing'))).toBe(false);
  });
});
