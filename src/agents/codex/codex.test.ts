import { describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../../test/temp-folder.ts';
import { codex } from './codex.ts';
import { codexObstacles } from './settings.ts';

type Files = Readonly<Record<string, string>>;

/** What is found among files of a folder in which the user and the administrator each have theirs. */
async function found(files: Files, args: readonly string[] = []): Promise<string[]> {
  using folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), content);
  }
  const environment = { HOME: join(folder.path, 'home') };
  const start = { cwd: join(folder.path, 'cwd'), environment, args, gatewayPort: 4610 };
  const obstacles = await codexObstacles(start, join(folder.path, 'etc/managed_config.toml'));
  return obstacles.map(({ name, file, says, hint }) => {
    expect(says).toStartWith(name);
    expect(hint).toEndWith('.');
    return `${name} ${file.replace(`${folder.path}/`, '')}`;
  });
}

const elsewhere = '[model_providers.stint]\nbase_url = "https://elsewhere.example"\n';

describe('flags of Codex', () => {
  test.each([
    [['exec', '--oss', 'hi'], '--oss --oss'],
    [['-c', 'model_provider="other"', 'exec', 'hi'], '-c model_provider -c model_provider'],
    [['exec', '--config=model_provider=x'], '-c model_provider -c model_provider'],
    [
      ['-c', 'model_providers.stint.base_url="x"'],
      '-c model_providers.stint.base_url -c model_providers.stint.base_url',
    ],
    [['--remote', 'ws://127.0.0.1:1'], '--remote --remote'],
  ])('%j send it past the gateway', async (args, expected) => {
    expect(await found({}, args)).toEqual([expected]);
  });

  test.each([[['exec', '-m', 'gpt-6', 'hi']], [['-c', 'model_reasoning_effort="high"']], [['exec', '--', '--oss']]])(
    '%j do not',
    async (args) => {
      expect(await found({}, args)).toEqual([]);
    },
  );
});

describe('settings of Codex', () => {
  test.each(['auth = { command = "x" }', 'experimental_bearer_token = "sk-test-1"', 'query_params = { key = "x" }'])(
    'with %p of our provider are an obstacle',
    async (line) => {
      const name = line.split(' ')[0] ?? '';
      const file = 'home/.codex/config.toml';
      expect(await found({ [file]: `${elsewhere}${line}\n` })).toEqual([`model_providers.stint.${name} ${file}`]);
    },
  );

  test('of an administrator win over flags', async () => {
    expect(await found({ 'etc/managed_config.toml': 'model_provider = "other"\n' })).toEqual([
      'model_provider etc/managed_config.toml',
    ]);
  });

  test.each([
    { 'home/.codex/config.toml': 'model_provider = "other"\n' },
    { 'home/.codex/config.toml': elsewhere },
    { 'cwd/.codex/config.toml': 'model_provider = "other"\n' },
    { 'home/.codex/config.toml': 'model_provider = \n[[[' },
  ])('like %j are none', async (files) => {
    expect(await found(files)).toEqual([]);
  });
});

test('Codex gets its token in a variable, and all else before its own arguments', async () => {
  const { args, environment } = await codex.launch({
    url: 'http://127.0.0.1:4610',
    phantom: 'stint-test-0123456789',
    folder: '/nowhere',
  });
  expect(environment).toEqual({ STINT_TOKEN: 'stint-test-0123456789' });
  expect(args).toEqual([
    '--no-daemon',
    '-c',
    'model_provider="stint"',
    '-c',
    'model_providers.stint={name="Stint",base_url="http://127.0.0.1:4610/openai/v1",env_key="STINT_TOKEN",wire_api="responses"}',
  ]);
});
