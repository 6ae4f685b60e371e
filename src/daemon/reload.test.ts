import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openServing, type Place } from '../../test/daemon-rig.ts';

let place: Place;

beforeAll(async () => {
  place = await openServing();
});

afterAll(() => place[Symbol.asyncDispose]());

const call = async (name: string, input: object = {}) => {
  const response = await place.api(`/api/${name}`, { method: 'POST', body: JSON.stringify(input) });
  return (await response.json()) as Record<string, unknown>;
};
const status = async () => (await call('daemon.status'))['daemon'] as Record<string, unknown>;

describe('config.toml of a running daemon', () => {
  test('is changed by an operation, and acts at once or after a restart', async () => {
    const path = join(place.home, 'config.toml');
    writeFileSync(path, '# mine\n[gateway]\nholdSeconds = 1 # short\n');
    expect(await call('config.set', { field: 'gateway.holdSeconds', value: '7' })).toEqual({
      ...{
        field: 'gateway.holdSeconds',
        value: 7,
        isDefault: false,
        isSecret: false,
        needsRestart: false,
        warning: null,
      },
    });
    expect(readFileSync(path, 'utf8')).toBe('# mine\n[gateway]\nholdSeconds = 7 # short\n');
    expect(await call('config.set', { field: 'agent.host', value: '::1' })).toMatchObject({
      needsRestart: true,
    });
    expect(await status()).toMatchObject({ pendingRestart: ['agent.host'], refusedSettings: [] });
    expect(await call('config.set', { field: 'log.level', value: 'loud' })).toMatchObject({ code: 'invalid' });
    const { stdout } = await place.stint(['config', 'get', 'gateway.holdSeconds', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ value: 7 });
  });

  test('keeps a section that is wrong, says so, and lets the others act', async () => {
    writeFileSync(join(place.home, 'config.toml'), '[audit]\nkeepDays = 0\n');
    // Whatever is set, the daemon reads the file.
    await call('config.set', { field: 'log.level', value: 'warning' });
    const fault = 'config.toml line 2: audit.keepDays must be a whole number from 1 to 3650.';
    expect(await status()).toMatchObject({ refusedSettings: [fault] });
    expect(await call('config.check')).toMatchObject({
      findings: [{ check: 'settings of audit', detail: fault }],
    });
    expect(await call('config.get', { field: 'log.level' })).toMatchObject({ value: 'warning' });
    expect(await call('config.get', { field: 'audit.keepDays' })).toMatchObject({ value: 90 });
    expect((await place.stint(['status'])).stdout).toContain(`Refused, and not in force: ${fault}`);
    await call('config.set', { field: 'audit.keepDays', value: '5' });
    expect(await status()).toMatchObject({ refusedSettings: [] });
    const { stdout } = await place.stint(['logs', '--lines', '1000']);
    expect(stdout.match(/settings refused/g)?.length).toBe(1);
  });
});
