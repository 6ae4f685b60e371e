import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { TrailCrashArguments } from '../../test/trail-crash.ts';
import { openStore } from '../store/open-store.ts';

const program = join(import.meta.dir, '../../test/trail-crash.ts');

test('after kill -9 every id that was known is that of its record, none is missing, and the next ones follow', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  let known = 0;
  for (const round of [0, 1, 2]) {
    const args: TrailCrashArguments = [path, `round ${round}`];
    await using child = Bun.spawn([process.execPath, program, ...args], { stdout: 'pipe', stderr: 'inherit' });
    const printed = await killAfterLines(child, 20 + round * 13);
    expect(printed[0]).toBeGreaterThan(known);
    const store = await openStore(path, { now: 0 });
    const records = await store.readAudit({ after: 0, count: 1_000_000 });
    await store.close();
    expect(records.map(({ id }) => id)).toEqual(records.map((_, index) => index + 1));
    const own = records.filter(({ subject }) => subject === `round ${round}`);
    expect(own[0]?.id).toBe(known + 1);
    expect(printed.at(-1)).toBeLessThanOrEqual(records.length);
    known = records.length;
  }
});

async function killAfterLines(child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>, count: number): Promise<number[]> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split('\n').length > count) child.kill('SIGKILL');
  }
  await child.exited;
  return text.split('\n').slice(0, -1).map(Number);
}
