// A daemon whose config.toml is partly wrong from the start, and then becomes worse.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace, type Place, type Up } from '../../test/daemon-rig.ts';

let place: Place;
let up: Up;
let path: string;

beforeAll(async () => {
  place = openPlace();
  path = join(place.home, 'config.toml');
  mkdirSync(place.home, { mode: 0o700 });
  writeFileSync(path, '[agent]\nhost = "0.0.0.0"\n[reset]\nagent = 1\n[audit]\nkeepDays = 0\n[log]\nlevel = "info"\n');
  up = await place.up(['--insecure-bind']);
}, 10_000);

afterAll(() => place[Symbol.asyncDispose]());

const call = async (name: string, input: object = {}) => {
  const response = await place.api(`/api/${name}`, { method: 'POST', body: JSON.stringify(input) });
  return (await response.json()) as Record<string, unknown>;
};
const reset = 'config.toml line 4: reset.agent must be a name.';
const audit = 'config.toml line 6: audit.keepDays must be a whole number from 1 to 3650.';

describe('a daemon with sections that are wrong', () => {
  test('serves, outside loopback as its flag allows, and says what is wrong', async () => {
    expect(up.firstLine).toStartWith('Stint is running');
    expect(await call('daemon.status')).toMatchObject({ daemon: { refusedSettings: [reset, audit] } });
    expect(await call('notice.list')).toMatchObject({
      notices: expect.arrayContaining([expect.objectContaining({ kind: 'config-refused' })]) as unknown,
    });
  });

  test('resets nobody’s login by defaults that nobody wanted', async () => {
    await place.stint(['account', 'add', 'anthropic', 'a', '--base-url', 'http://127.0.0.1:9'], {
      stdin: 'sk-ant-api03-test-0123456789',
    });
    await call('pool.set-auth-reset', { pool: 'anthropic', target: 'me' });
    expect(await call('pool.reset-auth', { pool: 'anthropic' })).toMatchObject({ detail: reset });
  });

  test('is never given a secret where everybody sees it', async () => {
    const url = 'https://example.com/test-secret';
    const typed = await place.stint(['config', 'set', 'notices.webhook.url', url]);
    expect(typed).toMatchObject({ code: 2, stdout: '' });
    expect(typed.stderr).toStartWith('notices.webhook.url is a secret, ');
    const piped = await place.stint(['config', 'set', 'notices.webhook.url'], { stdin: `${url}\n` });
    expect(piped).toMatchObject({ code: 0, stdout: 'notices.webhook.url is set (hidden).\n' });
    expect(piped.stderr).toStartWith('Warning: It is set, and does not act yet: notices.webhook has no secret');
    expect(place.read('config.toml')).toContain(url);
    const none = await place.stint(['config', 'set', 'log.level'], { stdin: 'debug' });
    expect(none.stderr).toStartWith('Give either a value or --unset.');
  });

  test('has in its audit trail what somebody edited', async () => {
    writeFileSync(path, `${place.read('config.toml') ?? ''}[telegram]\nchats = [1]\n`);
    // The daemon reads the file for it, if it has not yet.
    await call('config.set', { field: 'log.level', value: 'warning' });
    expect(await call('audit.list', { kind: 'config.changed' })).toMatchObject({
      records: [{ surface: 'daemon', actor: 'stint', subject: 'telegram.chats', outcome: 'done' }],
    });
  });

  test('ends although its config.toml is a pipe that nobody writes to', async () => {
    rmSync(path);
    Bun.spawnSync(['mkfifo', path]);
    const refused = await call('config.set', { field: 'log.level', value: 'debug' });
    expect(refused).toMatchObject({ detail: `${path} cannot be read: it is no regular file.` });
    expect(await place.stint(['down'])).toMatchObject({ code: 0 });
    expect(await up.ended).toMatchObject({ code: 0 });
  });
});
