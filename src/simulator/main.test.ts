import { afterEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Subprocess } from 'bun';

const folders: string[] = [];
const children: Subprocess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function start(...options: string[]) {
  const command = [process.execPath, join(import.meta.dir, 'main.ts'), ...options];
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe' });
  children.push(child);
  return child;
}

describe('simulator process', () => {
  test.each([
    [[], 'anthropic', { secret: 'sk-ant-api03-test-a', name: 'a' }],
    [['--provider', 'openai'], 'openai', { secret: 'sk-test-a', name: 'a' }],
    [['--provider', 'google'], 'google', { secret: 'AIza-test-a', name: 'a' }],
  ])('with %p it prints where it listens, serves, and ends on SIGTERM', async (options, provider, credential) => {
    const folder = mkdtempSync(join(tmpdir(), 'stint-simulator-'));
    folders.push(folder);
    const scenario = join(folder, 'scenario.json');
    writeFileSync(scenario, JSON.stringify({ credentials: [credential] }));
    const child = start(...options, '--scenario', scenario);
    const { value } = await child.stdout.getReader().read();
    const started = JSON.parse(new TextDecoder().decode(value)) as { provider: string; url: string; port: number };
    expect(started.provider).toBe(provider);
    expect(started.url).toBe(`http://127.0.0.1:${started.port}`);
    expect((await fetch(`${started.url}/__simulator/state`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await child.exited).toBe(0);
  });

  test('an unknown provider is named, with those that there are', async () => {
    const child = start('--provider', 'nobody', '--scenario', 'x.json');
    expect(await new Response(child.stderr).text()).toContain('There is no provider nobody.');
    expect(await child.exited).toBe(2);
  });

  test('without a scenario it says what to type', async () => {
    const child = start();
    expect(await new Response(child.stderr).text()).toContain('--scenario file.json');
    expect(await child.exited).toBe(2);
  });
});
