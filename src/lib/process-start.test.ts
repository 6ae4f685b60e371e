import { describe, expect, test } from 'bun:test';
import { copyFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { processStart } from './process-start.ts';

describe('the start of a process', () => {
  test('stays the same while it runs and is unknown once it has ended', async () => {
    await using child = Bun.spawn(['sleep', '60']);
    const start = await processStart(child.pid);
    expect(start).toMatch(/\d/);
    expect(await processStart(child.pid)).toBe(start);
    child.kill('SIGKILL');
    await child.exited;
    expect(await processStart(child.pid)).toBeUndefined();
  });

  test.skipIf(platform() !== 'linux')('is found behind a command name with spaces and parentheses', async () => {
    using folder = temporaryFolder();
    const command = join(folder.path, 'a) S 1 (b');
    copyFileSync('/bin/sleep', command);
    await using child = Bun.spawn([command, '60']);
    const [boot, ticks] = (await processStart(child.pid))?.split('/') ?? [];
    const [ourBoot, ourTicks] = (await processStart(process.pid))?.split('/') ?? [];
    expect(boot).toBe(ourBoot);
    expect(Number(ticks)).toBeGreaterThanOrEqual(Number(ourTicks));
    child.kill('SIGKILL');
    await child.exited;
  });
});
