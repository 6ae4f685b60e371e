import { describe, expect, test } from 'bun:test';
import { openOperations } from '../../test/operation-rig.ts';
import { Problem } from '../core/problem.ts';
import type { Settings } from './context.ts';

/** Settings as a daemon has them, of two fields. */
function settingsOf(): Settings & { readonly calls: unknown[] } {
  const values = new Map<string, unknown>([
    ['gateway.holdSeconds', 240],
    ['notices.log.enabled', true],
  ]);
  const calls: unknown[] = [];
  return {
    calls,
    file: '/home/me/.stint/config.toml',
    list: () =>
      [...values].map(([field, value]) => ({
        ...{ field, value, isDefault: value === 240 || value === true },
        isSecret: field.endsWith('.url'),
      })),
    set: (field, value) => {
      calls.push([field, value]);
      values.set(field, value === null ? 240 : Number(value));
      return Promise.resolve({ needsRestart: field.startsWith('gateway.'), warning: null });
    },
    check: () => Promise.resolve([{ check: 'telegram', ok: false, detail: 'no token', hint: 'Set one.' }]),
    pendingRestart: () => ['gateway.holdSeconds'],
    refused: () => ['config.toml line 1: log.level is wrong.'],
  };
}

describe('the settings', () => {
  test('are listed, by section and by what was changed', async () => {
    await using rig = await openOperations({ settings: settingsOf() });
    const all = { file: '/home/me/.stint/config.toml', pendingRestart: ['gateway.holdSeconds'] };
    const hold = { field: 'gateway.holdSeconds', value: 240, isDefault: true };
    const log = { field: 'notices.log.enabled', value: true, isDefault: true };
    expect(await rig.run('config.list')).toEqual({ ...all, settings: [hold, log] });
    expect(await rig.run('config.list', { section: 'notices' })).toEqual({ ...all, settings: [log] });
    expect(await rig.run('config.list', { section: 'notice' })).toEqual({ ...all, settings: [] });
    expect(await rig.run('config.list', { changed: true })).toEqual({ ...all, settings: [] });
    expect(await rig.run('config.get', { field: 'gateway.holdSeconds' })).toEqual({ ...hold, isSecret: false });
    expect(await rig.run('daemon.status')).toMatchObject({
      daemon: {
        pendingRestart: ['gateway.holdSeconds'],
        refusedSettings: ['config.toml line 1: log.level is wrong.'],
      },
    });
    expect(await rig.run('config.check')).toMatchObject({ findings: [{ check: 'telegram', ok: false }] });
  });

  test('are changed one at a time; absent is not empty', async () => {
    const settings = settingsOf();
    await using rig = await openOperations({ settings });
    const field = 'gateway.holdSeconds';
    expect(await rig.run('config.set', { field, value: '30' })).toEqual({
      ...{ field, value: 30, isDefault: false, isSecret: false, needsRestart: true, warning: null },
    });
    expect(await rig.run('config.set', { field, unset: true })).toMatchObject({ value: 240, isDefault: true });
    await rig.run('config.set', { field, value: '' });
    for (const wrong of [{}, { value: '3', unset: true }, { value: '3', secret: '3' }, { secret: '3', unset: true }])
      await expect(rig.run('config.set', { field, ...wrong })).rejects.toMatchObject({ code: 'invalid' });
    expect(settings.calls).toEqual([
      [field, '30'],
      [field, null],
      [field, ''],
    ]);
  });

  test('are named in full, and a refusal knows the nearest', async () => {
    await using rig = await openOperations({ settings: settingsOf() });
    await expect(rig.run('config.get', { field: 'pool.holdseconds' })).rejects.toMatchObject({
      code: 'not_found',
      hint: 'Did you mean: gateway.holdSeconds',
    });
    await expect(rig.run('config.set', { field: 'x', value: '1' })).rejects.toMatchObject({
      hint: 'See: stint config list',
    });
  });
});

describe('notices', () => {
  const recent = [
    {
      notice: { id: 'episode-1', kind: 'pool-exhausted', thread: 't', at: 5, facts: { pool: 'own', until: 9 } },
      deliveries: [{ channel: 'log', attempts: 1, dueAt: null, toldAt: 6, error: null, reference: 'not shown' }],
    },
  ] as never;
  const told: string[] = [];
  const notices = {
    recent: () => Promise.resolve(recent),
    channels: () => ['log', 'webhook'],
    test: (channel: string) => {
      told.push(channel);
      return channel === 'log' ? Promise.resolve() : Promise.reject(new Problem('upstream', 'It answered 500.'));
    },
  };

  test('are listed with what became of them', async () => {
    await using rig = await openOperations({ notices });
    expect(await rig.run('notice.list')).toEqual({
      notices: [
        {
          ...{ id: 'episode-1', kind: 'pool-exhausted', thread: 't', at: 5, facts: { pool: 'own', until: 9 } },
          deliveries: [{ channel: 'log', attempts: 1, dueAt: null, toldAt: 6, error: null }],
        },
      ],
      channels: ['log', 'webhook'],
    });
    expect(await rig.run('daemon.status')).toMatchObject({ daemon: { channels: ['log', 'webhook'] } });
  });

  test('are tried on one channel, or on all with what each said', async () => {
    await using rig = await openOperations({ notices });
    expect(await rig.run('notice.test', { channel: 'log' })).toEqual({ told: [{ channel: 'log', error: null }] });
    await expect(rig.run('notice.test', { channel: 'webhook' })).rejects.toMatchObject({ message: 'It answered 500.' });
    expect(await rig.run('notice.test')).toEqual({
      told: [
        { channel: 'log', error: null },
        { channel: 'webhook', error: 'It answered 500.' },
      ],
    });
    expect(told).toEqual(['log', 'webhook', 'log', 'webhook']);
    await expect(rig.run('notice.test', { channel: 'fax' })).rejects.toMatchObject({
      code: 'not_found',
      hint: 'Use one of: log, webhook',
    });
  });

  test('cannot be tried where no channel is set up', async () => {
    await using rig = await openOperations({ notices: { ...notices, channels: () => [] } });
    await expect(rig.run('notice.test')).rejects.toMatchObject({ code: 'conflict' });
  });
});

test('an operation that takes long keeps no other one waiting', async () => {
  const { promise: ended, resolve: end } = Promise.withResolvers<{ detail: string }>();
  await using rig = await openOperations({ authResets: { run: () => ended, canVerify: () => true } });
  await rig.add('a');
  await rig.run('pool.set-auth-reset', { pool: 'anthropic', target: 'x' });
  const resetting = rig.run('pool.reset-auth', { pool: 'anthropic' });
  expect(await rig.run('account.disable', { account: 'a' })).toMatchObject({ state: 'disabled' });
  end({ detail: 'ended with 0' });
  expect(await resetting).toMatchObject({ detail: 'ended with 0' });
});

test('tokens and links come from the daemon, and of a token only its file', async () => {
  await using rig = await openOperations();
  expect(await rig.run('token.rotate', { scope: 'read' })).toEqual({ scope: 'read', file: `${rig.folder}/token-read` });
  expect(await rig.run('token.rotate')).toMatchObject({ scope: 'full' });
  expect(await rig.run('dashboard.link')).toMatchObject({ url: expect.stringContaining('#') as string });
});
