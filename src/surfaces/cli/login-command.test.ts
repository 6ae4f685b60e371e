// Accounts that log in with their own CLI, from the command line to the agent that runs.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openServing, type Place } from '../../../test/daemon-rig.ts';

let place: Place;
let PATH: string;

const login = '{"claudeAiOauth":{"accessToken":"sk-ant-oat01-test-0123456789"}}';

/** A Claude Code that logs in, or does not, and otherwise says where it runs and with what. */
const claude = `#!/bin/sh
case "$1 $2" in
  'auth login')
    if [ "$3" = --refuse ]; then exit 1; fi
    printf '%s' '${login}' > "$CLAUDE_CONFIG_DIR/.credentials.json";;
  *) printf '%s ' "$CLAUDE_CONFIG_DIR" "\${ANTHROPIC_API_KEY-unset}" "\${STINT_VAULT_PASSPHRASE-unset}" "$@"; exit 7;;
esac
`;

beforeAll(async () => {
  place = await openServing();
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  mkdirSync(join(place.folder, '.claude'));
  writeFileSync(join(place.folder, '.claude/CLAUDE.md'), 'be brief');
  writeFileSync(join(bin, 'claude'), claude, { mode: 0o755 });
  PATH = `${bin}:${process.env['PATH'] ?? ''}`;
}, 20_000);

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

const profileOf = (label: string): string => join(place.home, 'profiles/anthropic', label);

describe('stint account login claude', () => {
  test('leaves nothing behind when there is no login then', async () => {
    const run = await place.stint(['account', 'login', 'claude', 'work', '--', '--refuse'], { env: { PATH } });
    expect(run).toEqual({
      stdout: '',
      stderr: 'claude ended without a login (exit code 1). Try again: stint account login claude work\n',
      code: 4,
    });
    expect(existsSync(profileOf('work'))).toBe(false);
    expect((await place.stint(['account', 'list', '--json'])).stdout).toContain('"accounts": []');
  });

  test('adds an account with a directory of its own, for its user alone', async () => {
    const run = await place.stint(['account', 'login', 'claude', 'work'], { env: { PATH } });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toStartWith('Added anthropic/work (profile)');
    expect(statSync(profileOf('work')).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(profileOf('work'), 'CLAUDE.md'), 'utf8')).toBe('be brief');
    expect(run.stdout).not.toContain('sk-ant');
  });

  test('logs an account in again that has lost its login', async () => {
    writeFileSync(join(profileOf('work'), '.credentials.json'), '{}');
    const { stdout } = await place.stint(['status']);
    expect(stdout).toContain('needs-login (its profile holds no login)');
    expect(stdout).toContain('stint account login anthropic work');
    expect((await place.stint(['doctor'])).stdout).toContain(
      `FAIL login: anthropic/work: is not in ${profileOf('work')}`,
    );
    expect((await place.stint(['account', 'login', 'anthropic', 'work'], { env: { PATH } })).code).toBe(0);
    expect((await place.stint(['status'])).stdout).toMatch(/anthropic\/work {2}open/);
  }, 10_000);

  test.each([
    [['vim', 'x'], '"vim" is not an agent that Stint knows. Use one of: claude, codex, gemini\n', 2],
    [['claude', '!!!'], '"!!!" makes no label: it needs a letter or a digit. For example: work\n', 2],
    [['codex', 'x'], 'codex is not on the PATH. Install it with: npm install -g @openai/codex\n', 3],
  ])('refuses %j', async (args, stderr, code) => {
    const run = await place.stint(['account', 'login', ...args], {
      env: { PATH: `${join(place.folder, 'bin')}:${nodeFolder()}` },
    });
    expect(run).toEqual({ stdout: '', stderr, code });
  });
});

describe('stint account add --profile', () => {
  test('takes a directory as it is, and asks for no secret', async () => {
    const folder = join(place.folder, 'existing');
    mkdirSync(folder);
    writeFileSync(join(folder, '.credentials.json'), login);
    const run = await place.stint(['account', 'add', 'anthropic', 'mine', '--profile', 'existing', '--json']);
    expect(JSON.parse(run.stdout)).toMatchObject({ id: 'anthropic/mine', credential: 'profile', profile: folder });
    await place.stint(['account', 'remove', 'anthropic/mine', '--yes']);
    expect(existsSync(join(folder, '.credentials.json'))).toBe(true);
  });

  test('refuses one without a login', async () => {
    const run = await place.stint(['account', 'add', 'anthropic', 'mine', '--profile', '/nowhere']);
    expect(run).toEqual({
      stdout: '',
      stderr:
        '"/nowhere" holds no login of claude. Log in there first, or let Stint do it: stint account login claude <label>\n',
      code: 2,
    });
  });

  test('refuses a directory that another account has', async () => {
    const run = await place.stint(['account', 'add', 'anthropic', 'twin', '--profile', `${profileOf('work')}/../work`]);
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Account anthropic/work uses this directory.'),
    });
  });

  test('refuses an account that has a secret', async () => {
    await place.stint(['account', 'add', 'anthropic', 'key'], { stdin: 'sk-ant-api03-test-0123456789' });
    const run = await place.stint(['account', 'add', 'anthropic', 'key', '--replace', '--profile', profileOf('work')]);
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Account anthropic/key has a secret of its own.'),
    });
    await place.stint(['account', 'remove', 'anthropic/key', '--yes']);
  });
});

test('stint claude runs the genuine CLI in the profile, without another credential', async () => {
  const run = await place.stint(['claude', '-p', 'two words'], {
    env: { PATH, ANTHROPIC_API_KEY: 'sk-test-of-the-user', STINT_VAULT_PASSPHRASE: 'test' },
  });
  expect(run).toMatchObject({ code: 7, stderr: '' });
  expect(run.stdout).toMatch(/^\S+\/profiles\/anthropic\/work unset unset --session-id [0-9a-f-]{36} -p two words $/);
});

test('sharing of conversations is switched on and off', async () => {
  const set = async (flag: string): Promise<unknown> =>
    JSON.parse((await place.stint(['pool', 'set', 'anthropic', flag, '--json'])).stdout);
  expect(await set('--share-sessions')).toMatchObject({ shareSessions: true });
  expect(await set('--strategy=sticky')).toMatchObject({ shareSessions: true });
  expect(await place.stint(['account', 'login', 'claude', 'second'], { env: { PATH } })).toEqual({
    stdout: '',
    stderr:
      'Pool anthropic shares its conversations, and anthropic/second would share them too. Allow that with --share-sessions, or stop it first: stint pool set anthropic --no-share-sessions\n',
    code: 1,
  });
  expect(existsSync(profileOf('second'))).toBe(false);
  const allowed = ['account', 'login', 'claude', 'second', '--share-sessions'];
  expect(await place.stint(allowed, { env: { PATH } })).toMatchObject({ code: 0, stderr: '' });
  expect(await set('--no-share-sessions')).toMatchObject({ shareSessions: false });
});

function nodeFolder(): string {
  return join(Bun.which('node') ?? '', '..');
}
