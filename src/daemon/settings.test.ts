import { describe, expect, test } from 'bun:test';
import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openConfig } from '../config/live-config.ts';
import { Problem } from '../core/problem.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { openSettings, type Acting, type ActingFault } from './settings.ts';

async function open(text: string | null, prepare: (path: string) => void = () => undefined) {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder());
  const path = join(folder.path, 'config.toml');
  prepare(path);
  if (text !== null) writeFileSync(path, text, { mode: 0o644 });
  const live = opened.adopt(await openConfig({ path, overrides: {}, tell: () => undefined }), (each) => each.stop());
  const resources = opened.move();
  const dispose = () => resources.disposeAsync();
  return {
    path,
    live,
    settings: openSettings(live),
    read: () => readFileSync(path, 'utf8'),
    [Symbol.asyncDispose]: dispose,
  };
}

describe('a change of a setting', () => {
  test('is in the file, with its comments, and acts when it is told', async () => {
    await using rig = await open('# mine\n[gateway]\nholdSeconds = 1 # short\n');
    expect(await rig.settings.set('gateway.holdSeconds', '30')).toEqual({ needsRestart: false, warning: null });
    expect(rig.read()).toBe('# mine\n[gateway]\nholdSeconds = 30 # short\n');
    expect(rig.live.current().gateway.holdSeconds).toBe(30);
    expect(rig.settings.list()).toContainEqual({
      field: 'gateway.holdSeconds',
      value: 30,
      isDefault: false,
      isSecret: false,
    });
    expect(await rig.settings.set('gateway.holdSeconds', null)).toEqual({ needsRestart: false, warning: null });
    expect(rig.live.current().gateway.holdSeconds).toBe(240);
  });

  test('makes the file, which only its owner may read', async () => {
    await using rig = await open(null);
    await rig.settings.set('log.level', 'debug');
    expect([rig.read(), statSync(rig.path).mode & 0o777]).toEqual(['[log]\nlevel = "debug"\n', 0o600]);
  });

  test('says that it acts after a restart, until the old value is back', async () => {
    await using rig = await open('');
    expect(await rig.settings.set('control.port', '5000')).toEqual({ needsRestart: true, warning: null });
    expect([rig.settings.pendingRestart(), rig.live.current().control.port]).toEqual([['control.port'], 4600]);
    expect(rig.settings.list()).toContainEqual({
      field: 'control.port',
      value: 5000,
      isDefault: false,
      isSecret: false,
    });
    expect(await rig.settings.set('control.port', '4600')).toEqual({ needsRestart: false, warning: null });
    expect(rig.settings.pendingRestart()).toEqual([]);
  });

  test.each<[string, string | null]>([
    ['gateway.holdSeconds', '9999'],
    ['control.host', '0.0.0.0'],
    ['no.such', '1'],
  ])('to %s = %j is refused, and nothing is changed', async (field, value) => {
    await using rig = await open('[gateway]\nholdSeconds = 1\n');
    await expect(rig.settings.set(field, value)).rejects.toMatchObject({ name: 'Problem' });
    expect([rig.read(), rig.live.current().gateway.holdSeconds]).toEqual(['[gateway]\nholdSeconds = 1\n', 1]);
  });

  test('goes where a link leads, and the link and the mode stay', async () => {
    await using rig = await open(null, (path) => {
      mkdirSync(join(path, '../elsewhere'));
      writeFileSync(join(path, '../elsewhere/mine.toml'), '');
      chmodSync(join(path, '../elsewhere/mine.toml'), 0o640);
      symlinkSync('elsewhere/mine.toml', path);
    });
    await rig.settings.set('log.level', 'debug');
    expect([lstatSync(rig.path).isSymbolicLink(), statSync(rig.path).mode & 0o777]).toEqual([true, 0o640]);
    expect(rig.read()).toBe('[log]\nlevel = "debug"\n');
  });

  test('never shows a secret', async () => {
    await using rig = await open('');
    await rig.settings.set('notices.webhook.url', 'https://example.com/test-secret');
    expect(rig.read()).toContain('test-secret');
    expect(JSON.stringify([rig.settings.list(), await rig.settings.check()])).not.toContain('test-secret');
  });
});

/** Those who act, with one fault. */
const acting = (...faults: readonly ActingFault[]): Acting => ({
  faults,
  settled: () => Promise.resolve(),
  look: () => Promise.resolve(),
});

test('a change that those who act cannot act on is in the file, with a warning', async () => {
  await using rig = await open('');
  const problem = new Problem('invalid', 'notices.webhook has no secret to sign with.', { hint: 'Write one.' });
  const { promise, resolve } = Promise.withResolvers<void>();
  const faults: ActingFault[] = [];
  const settings = openSettings(rig.live, () => ({ faults, settled: () => promise, look: () => promise }));
  const set = settings.set('notices.webhook.url', 'https://example.com/');
  // They find it later than the change is made.
  faults.push({ part: 'notices.webhook', problem });
  resolve();
  expect(await set).toEqual({
    needsRestart: false,
    warning: 'It is set, and does not act yet: notices.webhook has no secret to sign with. Write one.',
  });
  expect(rig.read()).toContain('https://example.com/');
  expect(await settings.set('log.level', 'debug')).toMatchObject({ warning: null });
});

test('a check finds what is wrong with the file as it is', async () => {
  await using rig = await open('');
  expect(await rig.settings.check()).toMatchObject([{ ok: true }]);
  writeFileSync(rig.path, '[log]\nlevel = "loud"');
  expect(await rig.settings.check()).toMatchObject([{ check: 'settings of log', ok: false }]);
});

test('a check tells what those who act on the settings found', async () => {
  await using rig = await open('');
  const problem = new Problem('invalid', 'notices.webhook.secretFile /x does not exist.', { hint: 'Write it' });
  const settings = openSettings(rig.live, () => acting({ part: 'notices.webhook', problem }));
  expect(settings.refused()).toEqual([problem.message]);
  expect(await settings.check()).toEqual([
    { check: 'settings of notices.webhook', ok: false, detail: problem.message, hint: 'Write it' },
  ]);
});

test('a file that cannot be written is told as such', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'missing', 'config.toml');
  const live = await openConfig({ path, overrides: {}, tell: () => undefined });
  const refused = openSettings(live).set('log.level', 'debug');
  await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
  await live.stop();
});
