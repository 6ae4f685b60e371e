// The ports that stint doctor looks at, while no daemon runs.
import { describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openPlace, openServing, type Place } from '../../../test/daemon-rig.ts';

type Port = { readonly check: string; readonly ok: boolean; readonly detail: string };

async function portsOf(place: Place, env: Readonly<Record<string, string>> = {}): Promise<Port[]> {
  const { stdout } = await place.stint(['doctor', '--json', '--no-start'], { env });
  const { findings } = JSON.parse(stdout) as { findings: Port[] };
  return findings.filter((each) => / port \d/.test(each.check));
}

describe('stint doctor', () => {
  test('tries the ports of config.toml, and those given before them', async () => {
    await using taken = await takePort();
    await using place = openPlace();
    const unset = { STINT_CONTROL_PORT: '', STINT_AGENT_PORT: '' };
    mkdirSync(place.home, { mode: 0o700 });
    writeFileSync(join(place.home, 'config.toml'), `[control]\nport = ${taken.port}\n[agent]\nport = 0\n`);
    const found = {
      check: `control port ${taken.port}`,
      ok: false,
      detail: 'is taken',
      hint: 'Choose another with: stint --control-port 0 up',
    };
    expect(await portsOf(place, unset)).toEqual([found]);
    expect(await portsOf(place, { ...unset, STINT_CONTROL_PORT: '0' })).toEqual([]);
    const agent = { ...found, check: `agent port ${taken.port}`, hint: 'Choose another with: stint --agent-port 0 up' };
    expect(await portsOf(place, { STINT_CONTROL_PORT: '0', STINT_AGENT_PORT: String(taken.port) })).toEqual([agent]);
  }, 10_000);

  test('leaves the ports alone while a daemon runs', async () => {
    await using place = await openServing();
    const { controlPort, agentPort } = JSON.parse(place.read('daemon.json') ?? '{}') as Record<string, number>;
    const env = { STINT_CONTROL_PORT: String(controlPort), STINT_AGENT_PORT: String(agentPort) };
    expect(await portsOf(place, env)).toEqual([]);
  });

  test('says what is wrong in config.toml', async () => {
    await using place = openPlace();
    mkdirSync(place.home, { mode: 0o700 });
    writeFileSync(join(place.home, 'config.toml'), 'colour = 1\n');
    const { stdout, code } = await place.stint(['doctor', '--no-start']);
    expect(stdout).toMatch(/FAIL .*config\.toml line 1: colour is not a setting\.\n {5}Edit /);
    expect(code).toBe(1);
  });
});

async function takePort(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}
