import { mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'bun:test';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { homeAt } from '../home/open-home.ts';
import { ControlTokens } from './tokens.ts';

describe('the tokens of the control API', () => {
  test('are two files for their owner, made at the first start and the same after it', async () => {
    using folder = temporaryFolder();
    const files = filesIn(folder.path);
    const tokens = await open(files);
    const [full, read] = [textOf(files.full), textOf(files.read)];
    expect(full).not.toBe(read);
    for (const path of Object.values(files)) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect([tokens.find(full)?.scope, tokens.find(read)?.scope, tokens.find('')]).toEqual(['full', 'read', undefined]);
    const again = await open(files);
    expect([again.find(full)?.scope, again.find(read)?.scope]).toEqual(['full', 'read']);
  });

  test.each(['full', 'read'] as const)('change at once, one alone: %s', async (scope) => {
    using folder = temporaryFolder();
    const files = filesIn(folder.path);
    const tokens = await open(files);
    const other = scope === 'full' ? 'read' : 'full';
    const [old, kept] = [textOf(files[scope]), textOf(files[other])];
    const [ended, lasting] = [tokens.find(old)?.until, tokens.find(kept)?.until];
    expect(await tokens.rotate(scope)).toBe(files[scope]);
    const fresh = textOf(files[scope]);
    expect([tokens.find(old), tokens.find(fresh)?.scope, tokens.find(kept)?.scope]).toEqual([undefined, scope, other]);
    expect([ended?.aborted, lasting?.aborted]).toEqual([true, false]);
    expect((await open(files)).find(fresh)?.scope).toBe(scope);
  });

  test('stay as they are when the new one cannot be written', async () => {
    using folder = temporaryFolder();
    const files = filesIn(folder.path);
    const tokens = await open(files);
    const old = textOf(files.full);
    // A folder in its place cannot be replaced by a file, whoever asks.
    renameSync(files.full, join(folder.path, 'kept'));
    mkdirSync(join(files.full, 'full'), { recursive: true });
    await expect(tokens.rotate('full')).rejects.toMatchObject({ code: 'unavailable' });
    expect(tokens.find(old)?.scope).toBe('full');
  });
});

function filesIn(folder: string) {
  const home = homeAt(folder);
  return { full: home.token, read: home.tokenRead };
}

function open(files: ReturnType<typeof filesIn>): Promise<ControlTokens> {
  return ControlTokens.open({ files, clock: Date.now, origin: () => 'http://127.0.0.1:4600' });
}

function textOf(path: string): string {
  return readFileSync(path, 'utf8').trim();
}
