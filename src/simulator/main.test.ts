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
  test('it prints where it listens, serves, and ends on SIGTERM', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stint-simulator-'));
    folders.push(folder);
    const scenario = join(folder, 'scenario.json');
    writeFileSync(scenario, JSON.stringify({ credentials: [{ secret: 'sk-test-a', name: 'a' }] }));
    const child = start('--scenario', scenario);
    const { value } = await child.stdout.getReader().read();
    const { url, port } = JSON.parse(new TextDecoder().decode(value)) as { url: string; port: number };
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(url)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await child.exited).toBe(0);
  });

  test('without a scenario it says what to type', async () => {
    const child = start();
    expect(await new Response(child.stderr).text()).toContain('--scenario file.json');
    expect(await child.exited).toBe(2);
  });
});
