// What commands ask on a terminal, and when.
import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace, openServing } from '../../../test/daemon-rig.ts';
import { onTerminal } from '../../../test/on-terminal.ts';

const secret = 'sk-ant-api03-test-0123456789';

test.each([
  [['anthropic', 'taken'], 1, 'Account anthropic/taken exists.'],
  [['nobody', 'x'], 2, '"nobody" is not a provider.'],
  [['anthropic', '///'], 2, '"///" makes no label'],
  [['anthropic', 'x', '--replace'], 3, 'There is no account anthropic/x to replace.'],
  [['anthropic', 'x', '--base-url', 'ftp://x'], 2, 'The base URL must begin with'],
])(
  'stint account add %j says what is wrong without asking for a secret',
  async (args, code, message) => {
    await using place = await openServing();
    await place.stint(['account', 'add', 'anthropic', 'taken'], { stdin: secret });
    const session = onTerminal(place, 'account', 'add', ...args);
    const shown = await session.shows('API key or token');
    expect(shown).toContain(message);
    expect(shown).not.toContain('API key or token');
    expect((await session.ended).code).toBe(code);
  },
  15_000,
);

test.each([
  [['account', 'remove', 'nobody'], 'There is no account "nobody".'],
  [['pool', 'remove', 'nobody'], 'There is no pool "nobody".'],
])(
  'stint %j says what is wrong without asking whether it is meant',
  async (args, message) => {
    await using place = await openServing();
    const session = onTerminal(place, ...args);
    const shown = await session.shows('nobody?');
    expect(shown).toContain(message);
    expect(shown).not.toContain('nobody?');
    expect((await session.ended).code).toBe(3);
  },
  15_000,
);

test('stint account remove asks, and a no changes nothing', async () => {
  await using place = await openServing();
  await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: secret });
  const session = onTerminal(place, 'account', 'remove', 'work');
  await session.shows('work?');
  session.type('\r');
  const { code, shown } = await session.ended;
  expect(shown).toContain('Nothing was changed. Say --yes to skip the question.');
  expect(code).toBe(2);
  expect((await place.stint(['account', 'show', 'work'])).code).toBe(0);
}, 15_000);

const login = JSON.stringify({
  claudeAiOauth: { accessToken: 'sk-ant-oat01-test-adopted', refreshToken: 'sk-ant-ort01-test-adopted' },
});

test('stint account adopt says what it does and asks, and a no changes nothing', async () => {
  await using place = await openServing();
  const file = join(place.folder, 'claude/.credentials.json');
  mkdirSync(join(place.folder, 'claude'));
  writeFileSync(file, login);
  const session = onTerminal(place, 'account', 'adopt', 'anthropic', 'work', '--from', 'claude');
  const asked = (await session.shows('Go on?')).replace(/[\r\n]+ */g, ' ');
  expect(asked).toContain('This takes the login out of');
  expect(asked).toContain('is logged out by it');
  session.type('\r');
  expect((await session.ended).code).toBe(2);
  expect(readFileSync(file, 'utf8')).toBe(login);
}, 15_000);

test('stint account adopt wants --yes where nobody can be asked', async () => {
  await using place = await openServing();
  const file = join(place.folder, 'claude/.credentials.json');
  mkdirSync(join(place.folder, 'claude'));
  writeFileSync(file, login);
  const args = ['account', 'adopt', 'anthropic', 'work', '--from', 'claude'];
  const refused = await place.stint(args);
  expect(refused).toMatchObject({ stdout: '', code: 2 });
  expect(refused.stderr).toContain(`This takes the login out of ${file} and makes it anthropic/work.`);
  expect(refused.stderr).toContain('Nothing was changed. To go on, say --yes.');
  expect(readFileSync(file, 'utf8')).toBe(login);
  expect(await place.stint([...args, '--yes'])).toEqual({
    stdout: `The login of Claude Code is now anthropic/work; it is no longer in ${file}. Next: stint status\n`,
    stderr: '',
    code: 0,
  });
  expect(existsSync(file)).toBe(false);
}, 15_000);

test('stint account add shows nothing of the secret that is typed', async () => {
  await using place = await openServing();
  const session = onTerminal(place, 'account', 'add', 'anthropic', 'work');
  await session.shows('API key or token');
  session.type(`${secret}\r`);
  const { code, shown } = await session.ended;
  expect(shown).toContain('Added anthropic/work (api-key).');
  expect(shown).not.toContain('sk-ant');
  expect(code).toBe(0);
}, 15_000);

test('stint down stops a daemon that still waits for its passphrase', async () => {
  await using place = openPlace();
  mkdirSync(place.home, { mode: 0o700 });
  writeFileSync(join(place.home, 'config.toml'), '[vault]\nkey = "passphrase"\n');
  await place.stint(['account', 'add', 'anthropic', 'work'], {
    stdin: secret,
    env: { STINT_VAULT_PASSPHRASE: 'correct horse' },
  });
  await place.stint(['down']);
  const session = onTerminal(place, 'up');
  expect(await session.shows('Passphrase of the vault')).toContain('Passphrase of the vault');
  const pid = place.read('stint.pid')?.trim() ?? '';
  expect(await place.stint(['down'])).toEqual({ stdout: `Stopped process ${pid}.\n`, stderr: '', code: 0 });
  const { code } = await session.ended;
  expect(code).not.toBe(0);
}, 15_000);
