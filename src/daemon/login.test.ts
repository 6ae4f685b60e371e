// A login in a real daemon: adopted, renewed under load, and kept through a kill.
import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace, type Place } from '../../test/daemon-rig.ts';
import { startAnthropicSimulator, type Simulator } from '../simulator/anthropic/simulator.ts';

const access = 'sk-ant-oat01-test-login';
const refreshToken = 'sk-ant-ort01-test-login';

type Agent = { readonly ANTHROPIC_BASE_URL: string; readonly ANTHROPIC_AUTH_TOKEN: string };

test('fifty requests that meet an ended login make one renewal, which a kill does not lose', async () => {
  await using place = openPlace();
  const simulator = startAnthropicSimulator({
    scenario: { credentials: [{ name: 'work', secret: access, login: { refreshToken } }] },
  });
  try {
    await place.up();
    const file = loginFile(place, Date.now() - 1000);
    const adopt = ['account', 'adopt', 'anthropic', 'work', '--from', 'claude', '--base-url', simulator.url, '--yes'];
    expect((await place.stint(adopt)).stderr).toBe('');
    expect(existsSync(file)).toBe(false);
    expect(await askMany(place)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(renewals(simulator)).toBe(1);

    simulator.changeCredential('work', { login: { ended: true } });
    expect(await askMany(place)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(renewals(simulator)).toBe(2);

    process.kill(Number(place.read('stint.pid')), 'SIGKILL');
    await place.stint(['up', '--detach']);
    expect(await askMany(place)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(renewals(simulator)).toBe(2);
  } finally {
    simulator.stop();
  }
}, 30_000);

test('a login is adopted, and replaced by another, while its pool is in use', async () => {
  await using place = openPlace();
  const secrets = ['sk-ant-oat01-test-first', 'sk-ant-oat01-test-second'];
  const simulator = startAnthropicSimulator({
    scenario: { credentials: secrets.map((secret) => ({ name: secret, secret })) },
  });
  try {
    await place.up();
    await place.stint(['account', 'add', 'anthropic', 'work', '--base-url', simulator.url], {
      stdin: secrets[0] ?? '',
    });
    loginFile(place, Date.now() + 3_600_000, secrets[1]);
    const adopt = ['account', 'adopt', 'anthropic', 'work', '--replace', '--from', 'claude', '--yes'];
    adopt.push('--base-url', simulator.url);
    const [statuses, adopted] = await Promise.all([askMany(place), place.stint(adopt)]);
    expect(adopted.stderr).toBe('');
    expect(new Set([...statuses, ...(await askMany(place))])).toEqual(new Set([200]));
    expect(simulator.requests.at(-1)?.credential).toBe(secrets[1] ?? '');
  } finally {
    simulator.stop();
  }
}, 30_000);

test('a login that is over closes its account, and every surface says what mends it', async () => {
  await using place = openPlace();
  const simulator = startAnthropicSimulator({
    scenario: { credentials: [{ name: 'work', secret: access, login: { refreshToken } }] },
  });
  try {
    await place.up();
    loginFile(place, Date.now() - 1000);
    await place.stint([
      ...['account', 'adopt', 'anthropic', 'work', '--from', 'claude', '--base-url', simulator.url, '--yes'],
    ]);
    simulator.changeCredential('work', { login: { dead: true, ended: true } });
    expect(new Set(await askMany(place))).toEqual(new Set([403]));
    expect(renewals(simulator)).toBe(1);
    const { stdout } = await place.stint(['status']);
    expect(stdout).toContain('anthropic/work  needs-login (invalid_grant: Refresh token not found or invalid)');
    const mend = `stint account adopt anthropic work --replace --from <directory> --base-url ${simulator.url}`;
    expect(stdout).toContain(`\n  mend it: ${mend}\n`);
    // Its last lines are in the file once it has ended.
    await place.stint(['down']);
    const log = place.read('logs/stint.log') ?? '';
    expect(log).toContain(mend);
    for (const token of [access, refreshToken]) expect(stdout + log).not.toContain(token);
  } finally {
    simulator.stop();
  }
}, 30_000);

/** A directory `claude` with a login that ends then. */
function loginFile(place: Place, expiresAt: number, accessToken = access): string {
  const folder = join(place.folder, 'claude');
  mkdirSync(folder);
  const scopes = ['user:inference', 'user:profile'];
  const file = join(folder, '.credentials.json');
  writeFileSync(file, JSON.stringify({ claudeAiOauth: { accessToken, refreshToken, expiresAt, scopes } }));
  return file;
}

function renewals(simulator: Simulator): number {
  return simulator.requests.filter(({ path }) => path === '/v1/oauth/token').length;
}

async function askMany(place: Place): Promise<number[]> {
  const { stdout } = await place.stint(['env', 'claude', '--json']);
  const { environment } = JSON.parse(stdout) as { environment: Agent };
  return Promise.all(
    Array.from({ length: 50 }, async () => {
      const response = await fetch(`${environment.ANTHROPIC_BASE_URL}/v1/messages`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${environment.ANTHROPIC_AUTH_TOKEN}`,
          'anthropic-version': '2023-06-01',
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          model: 'claude-sonnet-4-5',
          max_tokens: 9,
          messages: [{ role: 'user', content: 'hi' }],
        }),
      });
      await response.arrayBuffer();
      return response.status;
    }),
  );
}
