import { describe, expect, test } from 'bun:test';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { agentPackages, type AgentPackage } from './agent-package.ts';
import { installAgent } from './install-agent.ts';

const { claude } = agentPackages;

/** Notes each call and puts an executable that tells a version below the folder that `--prefix` names. */
const workingNpm = (version: string, path = '@anthropic-ai/claude-code-test/claude') => `
echo "$@" >> calls
while [ "$1" != --prefix ]; do shift; done
file="$2/node_modules/${path}"
mkdir -p "$(dirname "$file")"
printf '#!/bin/sh\\necho "${version} (an agent)"\\n' > "$file"
chmod +x "$file"
`;

describe('the installation of an agent', () => {
  test('is made once, by npm, without install scripts', async () => {
    using folder = temporaryFolder();
    const npm = fakeNpm(folder.path, workingNpm(claude.version));
    const first = await install(folder.path, npm);
    expect(first).toBe(
      join(folder.path, `cache/claude-${claude.version}/node_modules/@anthropic-ai/claude-code-test/claude`),
    );
    expect(await install(folder.path, npm)).toBe(first);
    expect(calls(folder.path)).toHaveLength(1);
    expect(calls(folder.path)[0]).toContain('--ignore-scripts');
    expect(calls(folder.path)[0]).toEndWith(`@anthropic-ai/claude-code@${claude.version}`);
  });

  test.each([
    ['codex', '@openai/codex-test/vendor/test/bin/codex'],
    ['gemini', '.bin/gemini'],
  ] as const)('finds %s where its package has it', async (name, path) => {
    using folder = temporaryFolder();
    const wanted = agentPackages[name];
    const executable = await install(folder.path, fakeNpm(folder.path, workingNpm(wanted.version, path)), wanted);
    expect(executable).toBe(join(folder.path, `cache/${name}-${wanted.version}/node_modules`, path));
    expect(calls(folder.path)[0]).toEndWith(`${wanted.packageName}@${wanted.version}`);
  });

  test.each([
    ['of another version', '#!/bin/sh\necho "1.0.0 (Claude Code)"\n'],
    ['cut short', '\u007fELF\u0002\u0001'],
  ])('is made again when the one there is %s', async (_, content) => {
    using folder = temporaryFolder();
    const npm = fakeNpm(folder.path, workingNpm(claude.version));
    const executable = await install(folder.path, npm);
    writeFileSync(executable, content);
    expect(await install(folder.path, npm)).toBe(executable);
    expect(readFileSync(executable, 'utf8')).toContain(claude.version);
    expect(calls(folder.path)).toHaveLength(2);
    expect(readdirSync(join(folder.path, 'cache'))).toEqual([`claude-${claude.version}`]);
  });

  test('ends as one when several are made at once', async () => {
    using folder = temporaryFolder();
    const npm = fakeNpm(folder.path, workingNpm(claude.version));
    const executables = await Promise.all([1, 2, 3, 4].map(() => install(folder.path, npm)));
    expect(new Set(executables).size).toBe(1);
    expect(readdirSync(join(folder.path, 'cache'))).toEqual([`claude-${claude.version}`]);
  });

  test.each([
    [
      'npm fails',
      'echo "npm error code ENOTFOUND" >&2; echo "npm error request failed." >&2; exit 1',
      'request failed. ',
    ],
    ['npm brings another version', workingNpm('1.0.0'), 'npm brought no executable that runs on this system. '],
    ['npm is not there', undefined, 'could not be installed: '],
  ])('is refused with a sentence, and leaves nothing behind, when %s', async (_, script, says) => {
    using folder = temporaryFolder();
    const npm = script === undefined ? join(folder.path, 'none') : fakeNpm(folder.path, script);
    const failure = await install(folder.path, npm).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unavailable', hint: 'Check the network, then try again.' });
    expect(`${(failure as Error).message} `).toStartWith(
      `Claude Code ${claude.version} is not in the cache and could not be installed: `,
    );
    expect(`${(failure as Error).message} `).toContain(says);
    expect(readdirSync(join(folder.path, 'cache'))).toEqual([]);
  });
});

function install(folder: string, npm: string, wanted: AgentPackage = claude): Promise<string> {
  return installAgent(wanted, { cacheFolder: join(folder, 'cache'), npm, report: () => undefined });
}

function fakeNpm(folder: string, script: string): string {
  const npm = join(folder, 'npm');
  writeFileSync(npm, `#!/bin/sh\n${script.replace('>> calls', `>> '${join(folder, 'calls')}'`)}`);
  chmodSync(npm, 0o755);
  return npm;
}

function calls(folder: string): string[] {
  return readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
}
