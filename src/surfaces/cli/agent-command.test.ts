// The commands that hand an agent over to the gateway, on one daemon.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openServing, type Place, type RunOptions } from '../../../test/daemon-rig.ts';

let place: Place;

beforeAll(async () => {
  place = await openServing();
  await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: 'sk-ant-api03-test-0123456789' });
}, 20_000);

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

describe('stint env claude', () => {
  test.each(['sh', 'bash'])('can be evaluated by %s', async (shell) => {
    const { stdout } = await place.stint(['env', 'claude']);
    const script = `${stdout}\nprintf '%s %s %s' "$ANTHROPIC_BASE_URL" "$ANTHROPIC_AUTH_TOKEN" "\${ANTHROPIC_API_KEY-unset}"`;
    const child = Bun.spawnSync([shell, '-eu', '-c', script], { env: { ANTHROPIC_API_KEY: 'sk-test-of-the-user' } });
    expect(child.stderr.toString()).toBe('');
    expect(child.stdout.toString()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/anthropic stint-[\w-]{22} unset$/);
  });

  test('as JSON has an id by which the token is revoked', async () => {
    const { id } = JSON.parse((await place.stint(['--json', 'env', 'claude'])).stdout) as { id: string };
    expect((await place.stint(['phantom', 'revoke', id])).stdout).toBe(
      `Revoked ${id}: agents that hold it are refused from here on.\n`,
    );
    expect((await place.stint(['phantom', 'revoke', id])).code).toBe(3);
  });
});

describe('stint claude', () => {
  test('says how to install it when it is not on the PATH', async () => {
    const bin = join(place.folder, 'bin');
    mkdirSync(bin, { recursive: true });
    const run = await place.stint(['claude', '-p', 'hi'], { env: { PATH: pathWithNodeOnly(bin) } });
    expect(run).toEqual({
      stdout: '',
      stderr: 'claude is not on the PATH. Install it with: npm install -g @anthropic-ai/claude-code\n',
      code: 3,
    });
  });

  test('hands all arguments, the input and the exit code through, and its own flags to nobody', async () => {
    const bin = fakeClaude(
      'printf "%s\\n" "$@"; cat; echo "$ANTHROPIC_AUTH_TOKEN key ${ANTHROPIC_API_KEY-unset} ${STINT_VAULT_PASSPHRASE-unset}"; exit 7',
    );
    const run = await place.stint(['--json', 'claude', '-p', 'two words', '--help', '--json', '--home', 'x'], {
      stdin: 'from stdin\n',
      env: { PATH: bin, ANTHROPIC_API_KEY: 'sk-test-of-the-user', STINT_VAULT_PASSPHRASE: 'test' },
    });
    expect(run.stdout).toStartWith('-p\ntwo words\n--help\n--json\n--home\nx\nfrom stdin\nstint-');
    expect(run.stdout).toEndWith(' key unset unset\n');
    expect(run).toMatchObject({ stderr: '', code: 7 });
  });

  test('ends as its agent was ended, and takes its token back', async () => {
    const bin = fakeClaude('echo "$ANTHROPIC_AUTH_TOKEN $ANTHROPIC_BASE_URL"; kill -TERM $$');
    const { stdout, code } = await place.stint(['claude'], { env: { PATH: bin } });
    expect(code).toBe(143);
    const [token = '', url = ''] = stdout.trim().split(' ');
    const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(401);
  });
});

describe('settings of the agent that lead past the gateway', () => {
  test('stop stint claude before it starts the agent', async () => {
    const { file, env } = settings({
      ANTHROPIC_BASE_URL: 'https://elsewhere.example',
      CLAUDE_CODE_USE_BEDROCK: '1',
    });
    const run = await place.stint(['claude', '-p', 'hi'], { env: { ...env, PATH: fakeClaude('echo started') } });
    expect(run).toEqual({
      stdout: '',
      stderr:
        `ANTHROPIC_BASE_URL in ${file} sends claude past the gateway. ` +
        `Remove ANTHROPIC_BASE_URL from the env of ${file}. Remove CLAUDE_CODE_USE_BEDROCK from the env of ${file}.\n`,
      code: 1,
    });
  });

  test('stop it when they come with its own arguments', async () => {
    const args = ['claude', '--settings', '{"env":{"ANTHROPIC_AUTH_TOKEN":"sk-test-of-the-user"}}'];
    const run = await place.stint(args, { env: { PATH: fakeClaude('echo started') } });
    expect(run).toMatchObject({ stdout: '', code: 1 });
    expect(run.stderr).toStartWith('ANTHROPIC_AUTH_TOKEN in --settings replaces the token');
  });

  test('are warned of by stint env claude, whose output stays usable', async () => {
    const { file, env } = settings({ ANTHROPIC_AUTH_TOKEN: 'sk-test-of-the-user' });
    const run = await place.stint(['env', 'claude'], { env });
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('export ANTHROPIC_BASE_URL=') });
    expect(run.stderr).toBe(
      `# warning: ANTHROPIC_AUTH_TOKEN in ${file} replaces the token that the gateway gave to claude. ` +
        `Remove ANTHROPIC_AUTH_TOKEN from the env of ${file}.\n`,
    );
  });

  test('are found by stint doctor, which is content without them', async () => {
    const check = async (options: RunOptions): Promise<unknown> => {
      const { stdout } = await place.stint(['doctor', '--json'], options);
      const { findings } = JSON.parse(stdout) as { findings: { check: string }[] };
      return findings.filter((each) => each.check === 'settings of claude');
    };
    const { file, env } = settings({ CLAUDE_CODE_USE_VERTEX: '1' });
    expect(await check({ env })).toEqual([
      {
        check: 'settings of claude',
        ok: false,
        detail: `CLAUDE_CODE_USE_VERTEX in ${file} sends claude past the gateway.`,
        hint: `Remove CLAUDE_CODE_USE_VERTEX from the env of ${file}.`,
      },
    ]);
    expect(await check({})).toEqual([
      { check: 'settings of claude', ok: true, detail: 'leave it to the gateway', hint: null },
    ]);
  });

  test('are none when they are what stint env claude printed', async () => {
    const { environment } = JSON.parse((await place.stint(['--json', 'env', 'claude'])).stdout) as {
      environment: Record<string, string>;
    };
    const { env } = settings(environment);
    const run = await place.stint(['claude'], { env: { ...env, PATH: fakeClaude('echo started') } });
    expect(run).toEqual({ stdout: 'started\n', stderr: '', code: 0 });
  });
});

test.each([
  ['', 'localhost,127.0.0.1,::1'],
  ['corp.example', 'corp.example,localhost,127.0.0.1,::1'],
  ['*', '*'],
])(
  'an agent whose settings hold a proxy finds the gateway outside of it: NO_PROXY=%p becomes %p',
  async (NO_PROXY, seen) => {
    const PATH = fakeClaude('echo "$NO_PROXY ${no_proxy-$NO_PROXY}"');
    const { stdout } = await place.stint(['claude'], { env: { PATH, NO_PROXY } });
    expect(stdout).toBe(`${seen} ${seen}\n`);
  },
);

/** A folder in which Claude Code finds settings of its user with these variables. */
function settings(variables: Readonly<Record<string, string>>): {
  readonly file: string;
  readonly env: { readonly CLAUDE_CONFIG_DIR: string };
} {
  const CLAUDE_CONFIG_DIR = join(place.folder, 'settings');
  const file = join(CLAUDE_CONFIG_DIR, 'settings.json');
  mkdirSync(CLAUDE_CONFIG_DIR, { recursive: true });
  writeFileSync(file, JSON.stringify({ env: variables }));
  return { file, env: { CLAUDE_CONFIG_DIR } };
}

/** A folder that begins the PATH, with a `claude` of the test in it. */
function fakeClaude(script: string): string {
  const bin = join(place.folder, 'fake');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'claude'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'claude'), 0o755);
  return `${bin}:${process.env['PATH'] ?? ''}`;
}

/** A PATH on which only the launcher finds what it needs. */
function pathWithNodeOnly(bin: string): string {
  const node = Bun.which('node') ?? '';
  writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec '${node}' "$@"\n`);
  chmodSync(join(bin, 'node'), 0o755);
  return bin;
}
