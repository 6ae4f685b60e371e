// The commands that hand an agent over to the gateway, on one daemon.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openServing, type Place } from '../../../test/daemon-rig.ts';

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
