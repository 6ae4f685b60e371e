import { describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../../test/temp-folder.ts';
import { claude } from './claude.ts';
import { settingsObstacles } from './settings.ts';

const elsewhere = 'https://elsewhere.example';
const own = 'cfg/settings.json';

type Files = Readonly<Record<string, unknown>>;
type More = { readonly args?: readonly string[]; readonly environment?: Readonly<Record<string, string>> };

/** What is found among files of a folder in which the user, the project and the administrator each have a folder. */
async function found(files: Files, { args = [], environment }: More = {}): Promise<string[]> {
  using folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  const given = environment ?? { CLAUDE_CONFIG_DIR: at('cfg') };
  const start = { cwd: at('cwd'), environment: { HOME: at('home'), ...given }, args, gatewayPort: 4610 };
  const obstacles = await settingsObstacles(start, at('managed'));
  return obstacles.map(({ file, name, says }) => {
    expect(says).toBe(says.trim());
    expect(says).toStartWith(`${name} in ${file} `);
    return `${name} ${file.replace(`${folder.path}/`, '')}`;
  });
}

function env(variables: Readonly<Record<string, unknown>>): object {
  return { env: variables };
}

const past = env({ ANTHROPIC_BASE_URL: elsewhere });

describe('a setting of Claude Code', () => {
  test.each([
    ['ANTHROPIC_BASE_URL', elsewhere],
    ['ANTHROPIC_BASE_URL', 'http://127.0.0.1:4611/anthropic'],
    ['ANTHROPIC_BASE_URL', 'http://127.0.0.1:4610/other'],
    ['ANTHROPIC_BASE_URL', ''],
    ['ANTHROPIC_BASE_URL', null],
    ['ANTHROPIC_AUTH_TOKEN', 'sk-test-of-the-user'],
    ['ANTHROPIC_AUTH_TOKEN', ''],
    ['ANTHROPIC_UNIX_SOCKET', '/tmp/other.sock'],
    ['CLAUDE_CODE_USE_BEDROCK', '1'],
    ['CLAUDE_CODE_USE_VERTEX', 1],
    ['CLAUDE_CODE_USE_FOUNDRY', true],
    ['CLAUDE_CODE_USE_MANTLE', 'Yes'],
    ['CLAUDE_CODE_USE_ANTHROPIC_AWS', ' ON '],
  ])('%s=%p keeps it from the gateway', async (name, value) => {
    expect(await found({ [own]: env({ [name]: value }) })).toEqual([`${name} ${own}`]);
  });

  test.each([
    ['ANTHROPIC_BASE_URL', 'http://127.0.0.1:4610/anthropic'],
    ['ANTHROPIC_BASE_URL', 'http://localhost:4610/anthropic/'],
    ['ANTHROPIC_AUTH_TOKEN', 'stint-test-0123456789'],
    ['ANTHROPIC_API_KEY', 'sk-ant-api03-test-of-the-user'],
    ['CLAUDE_CODE_OAUTH_TOKEN', 'sk-ant-oat01-test-of-the-user'],
    ['ANTHROPIC_UNIX_SOCKET', ''],
    ['ANTHROPIC_MODEL', 'opus'],
    ['CLAUDE_CODE_USE_BEDROCK', '0'],
    ['CLAUDE_CODE_USE_VERTEX', 'false'],
    ['CLAUDE_CODE_USE_FOUNDRY', 'y'],
    ['CLAUDE_CODE_USE_MANTLE', ''],
  ])('%s=%p does not', async (name, value) => {
    expect(await found({ [own]: { apiKeyHelper: 'echo sk-test', ...env({ [name]: value }) } })).toEqual([]);
  });
});

describe('the files of Claude Code', () => {
  test.each([
    'cfg/.claude.json',
    'cfg/.config.json',
    'cfg/settings.json',
    'cwd/.claude/settings.json',
    'cwd/.claude/settings.local.json',
    'managed/managed-settings.json',
    'managed/managed-settings.d/10-proxy.json',
  ])('include %s', async (file) => {
    expect(await found({ [file]: past })).toEqual([`ANTHROPIC_BASE_URL ${file}`]);
  });

  test.each([
    'cfg/settings.local.json',
    '.claude/settings.json',
    'home/.claude.json',
    'home/.claude/settings.json',
    'managed/managed-settings.d/.hidden.json',
    'managed/managed-settings.d/notes.txt',
  ])('do not include %s', async (file) => {
    expect(await found({ [file]: past })).toEqual([]);
  });

  test.each(['home/.claude.json', 'home/.claude/settings.json'])(
    'include %s where CLAUDE_CONFIG_DIR is not set',
    async (file) => {
      expect(await found({ [file]: past, [own]: past }, { environment: {} })).toEqual([`ANTHROPIC_BASE_URL ${file}`]);
    },
  );

  test('include only the older one of the two in which it keeps its state', async () => {
    expect(await found({ 'cfg/.claude.json': past, 'cfg/.config.json': {} })).toEqual([]);
  });

  test('of a relative CLAUDE_CONFIG_DIR are below the folder in which it starts', async () => {
    const environment = { CLAUDE_CONFIG_DIR: 'mine' };
    expect(await found({ 'cwd/mine/settings.json': past }, { environment })).toHaveLength(1);
  });

  const order = [
    'cfg/.claude.json',
    'cfg/settings.json',
    'cwd/.claude/settings.json',
    'cwd/.claude/settings.local.json',
    'managed/managed-settings.json',
    'managed/managed-settings.d/10.json',
  ];
  test.each(order.slice(1).map((strong, index) => [order[index] ?? '', strong]))(
    'are weighed: %s yields to %s',
    async (weak, strong) => {
      const [on, off] = [env({ CLAUDE_CODE_USE_BEDROCK: '1' }), env({ CLAUDE_CODE_USE_BEDROCK: '0' })];
      expect(await found({ [weak]: on, [strong]: off })).toEqual([]);
      expect(await found({ [weak]: off, [strong]: on })).toEqual([`CLAUDE_CODE_USE_BEDROCK ${strong}`]);
    },
  );

  test.each([
    ['{ "env": {', 'cut off'],
    [`// mine\n${JSON.stringify(past)}`, 'with a comment'],
    ['', 'empty'],
    ['null', 'null'],
    ['{"env":null}', 'without variables'],
    ['{"env":"ANTHROPIC_BASE_URL=x"}', 'with variables as text'],
  ])('that hold %j set nothing: %s', async (text) => {
    expect(await found({ [own]: text })).toEqual([]);
  });

  test('may begin with a byte order mark', async () => {
    expect(await found({ [own]: `\uFEFF${JSON.stringify(past)}` })).toHaveLength(1);
  });
});

describe('flags of Claude Code', () => {
  test.each([
    [['-p', 'hi', '--settings', JSON.stringify(past)], 'ANTHROPIC_BASE_URL --settings'],
    [['--settings=more.json', '-p', 'hi'], 'ANTHROPIC_BASE_URL cwd/more.json'],
  ])('%j adds settings', async (args, expected) => {
    expect(await found({ 'cwd/more.json': past }, { args })).toEqual([expected]);
  });

  test.each([[['--settings']], [['--settings', 'none.json']], [['-p', '--', '--settings', JSON.stringify(past)]]])(
    '%j adds none',
    async (args) => {
      expect(await found({}, { args })).toEqual([]);
    },
  );

  test('--settings goes before the files of the user, not before those of the administrator', async () => {
    const args = ['--settings', JSON.stringify(env({ CLAUDE_CODE_USE_BEDROCK: '0' }))];
    const on = env({ CLAUDE_CODE_USE_BEDROCK: '1' });
    expect(await found({ 'cwd/.claude/settings.local.json': on }, { args })).toEqual([]);
    expect(await found({ 'managed/managed-settings.json': on }, { args })).toHaveLength(1);
  });

  test('--setting-sources leaves out files of the user', async () => {
    const files = { [own]: past };
    expect(await found(files, { args: ['--setting-sources', 'project, local'] })).toEqual([]);
    expect(await found(files, { args: ['--setting-sources='] })).toEqual([]);
    expect(await found(files, { args: ['--setting-sources=user'] })).toHaveLength(1);
    expect(await found({ 'managed/managed-settings.json': past }, { args: ['--setting-sources='] })).toHaveLength(1);
  });
});

test('what sends Claude Code elsewhere from its environment is withheld', () => {
  expect(claude.withheld).toEqual(
    expect.arrayContaining(['CLAUDE_CODE_USE_MANTLE', 'CLAUDE_CODE_USE_ANTHROPIC_AWS', 'ANTHROPIC_UNIX_SOCKET']),
  );
});
