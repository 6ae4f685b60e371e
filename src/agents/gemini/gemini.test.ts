import { describe, expect, test } from 'bun:test';
import { lstat, mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../../test/temp-folder.ts';
import type { Launch } from '../agent.ts';
import { gemini } from './gemini.ts';
import { parseSettings, settingsObstacles } from './settings.ts';

async function put(file: string, value: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
}

function selected(selectedType: string, more: object = {}): object {
  return { security: { auth: { selectedType }, ...more } };
}

const url = 'http://127.0.0.1:4610';

async function launchIn(path: string, environment: Record<string, string> = {}): Promise<Launch> {
  const gate = { url, phantom: 'stint-test-0123456789', folder: join(path, 'overlay') };
  return gemini.launch({ ...gate, environment: { HOME: join(path, 'home'), ...environment } });
}

describe('Gemini CLI in gateway mode', () => {
  test('needs no more than its environment where its settings choose a key', async () => {
    using folder = temporaryFolder();
    await put(join(folder.path, 'home/.gemini/settings.json'), selected('gemini-api-key'));
    expect(await launchIn(folder.path)).toEqual({
      args: [],
      environment: {
        GOOGLE_GEMINI_BASE_URL: `${url}/gemini`,
        GEMINI_API_KEY: 'stint-test-0123456789',
        GEMINI_CLI_NO_RELAUNCH: 'true',
      },
    });
  });

  test.each([['oauth-personal'], ['vertex-ai'], ['cloud-shell'], [null]])(
    'gets a home in which a key is chosen where its settings say %p',
    async (type) => {
      using folder = temporaryFolder();
      const own = join(folder.path, 'home/.gemini');
      const settings = {
        ui: { theme: 'Dark' },
        ...(type === null ? {} : selected(type, { folderTrust: { enabled: true } })),
      };
      await put(join(own, 'settings.json'), settings);
      const { environment } = await launchIn(folder.path);
      expect(environment['GEMINI_CLI_HOME']).toBe(join(folder.path, 'overlay'));
      const made = parseSettings(await readFile(join(folder.path, 'overlay/.gemini/settings.json'), 'utf8'));
      expect(made).toMatchObject({ ...settings, ...selected('gemini-api-key') });
      expect(JSON.parse(await readFile(join(own, 'settings.json'), 'utf8'))).toEqual(settings);
    },
  );

  test('shares everything else with the user’s own home, but not the login', async () => {
    using folder = temporaryFolder();
    const own = join(folder.path, 'home/.gemini');
    await put(join(own, 'GEMINI.md'), 'Be brief.');
    await put(join(own, 'commands/a.toml'), '');
    for (const name of ['oauth_creds.json', 'google_accounts.json', 'gemini-credentials.json'])
      await put(join(own, name), {});
    await launchIn(folder.path);
    const overlay = join(folder.path, 'overlay/.gemini');
    for (const name of ['GEMINI.md', 'commands', 'tmp', 'history'])
      expect(await readlink(join(overlay, name))).toBe(join(own, name));
    for (const name of ['oauth_creds.json', 'google_accounts.json', 'gemini-credentials.json'])
      expect(await lstat(join(overlay, name)).catch(() => null)).toBeNull();
  });

  test('is linked again at the next start, by several at once too, and keeps a folder of its own', async () => {
    using folder = temporaryFolder();
    const own = join(folder.path, 'home/.gemini');
    const overlay = join(folder.path, 'overlay/.gemini');
    await put(join(own, 'projects.json'), { projects: { a: '1' } });
    await put(join(own, 'policies/a.toml'), '');
    await launchIn(folder.path);
    await rm(join(overlay, 'projects.json'));
    await put(join(overlay, 'projects.json'), {});
    await rm(join(overlay, 'policies'));
    await put(join(overlay, 'policies/b.toml'), '');
    await Promise.all([launchIn(folder.path), launchIn(folder.path), launchIn(folder.path)]);
    expect(await readlink(join(overlay, 'projects.json'))).toBe(join(own, 'projects.json'));
    expect((await lstat(join(overlay, 'policies/b.toml'))).isFile()).toBe(true);
  });

  test('finds its home by GEMINI_CLI_HOME first', async () => {
    using folder = temporaryFolder();
    const other = join(folder.path, 'other');
    await put(join(other, '.gemini/settings.json'), selected('gemini-api-key'));
    expect((await launchIn(folder.path, { GEMINI_CLI_HOME: other })).environment).not.toHaveProperty('GEMINI_CLI_HOME');
  });
});

describe('settings above the user’s own', () => {
  async function found(cwd: string, home: string): Promise<string[]> {
    const start = { cwd, environment: { HOME: home }, args: [], gatewayPort: 4610 };
    const obstacles = await settingsObstacles(start, join(cwd, 'system.json'));
    return obstacles.map(({ file, name, says }) => {
      expect(says).toStartWith(`${name} in ${file} `);
      return `${name} ${file.replace(`${cwd}/`, '')}`;
    });
  }

  test.each(['.gemini/settings.json', 'system.json'])(
    'are an obstacle where %s chooses another login',
    async (file) => {
      using folder = temporaryFolder();
      await put(join(folder.path, file), `// of the team\n${JSON.stringify(selected('oauth-personal'))}`);
      expect(await found(folder.path, '/nowhere')).toEqual([`security.auth.selectedType ${file}`]);
      await put(join(folder.path, file), { security: { auth: { enforcedType: 'vertex-ai' } } });
      expect(await found(folder.path, '/nowhere')).toEqual([`security.auth.enforcedType ${file}`]);
    },
  );

  test.each([[selected('gemini-api-key')], [{}], [{ security: { auth: 'x' } }], ['{'], [[]]])(
    'are none where they hold %j',
    async (settings) => {
      using folder = temporaryFolder();
      await put(join(folder.path, '.gemini/settings.json'), settings);
      expect(await found(folder.path, '/nowhere')).toEqual([]);
    },
  );

  test('are the user’s own in the home folder, which counts as the folder’s own behind an overlay', async () => {
    using folder = temporaryFolder();
    await put(join(folder.path, '.gemini/settings.json'), selected('oauth-personal'));
    const start = { cwd: folder.path, environment: { HOME: folder.path }, args: [], gatewayPort: 4610 };
    const [obstacle] = await settingsObstacles(start, join(folder.path, 'none.json'));
    expect(obstacle?.hint).toBe('Start gemini in another folder than your home folder.');
  });
});

test.each([
  ['{"a":"// no comment" /* one */, "b": 1 // two\n}', { a: '// no comment', b: 1 }],
  ['\uFEFF{"a":"\\"/*"}', { a: '"/*' }],
  ['[1]', {}],
  ['', {}],
] as const)('settings %j are read as %j', (text, expected) => {
  expect<object>(parseSettings(text)).toEqual(expected);
});
