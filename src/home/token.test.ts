import { describe, expect, test } from 'bun:test';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { homeAt } from './open-home.ts';
import { ensureToken, readToken, replaceToken } from './token.ts';

describe('the API token', () => {
  test('is made once, for its owner only', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    const token = await ensureToken(home.token);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(home.token).mode & 0o777).toBe(0o600);
    expect(await ensureToken(home.token)).toBe(token);
    expect(await readToken(home.token)).toBe(token);
    expect(readdirSync(folder.path)).toEqual(['token']);
  });

  test('is the same for all that ask for it first at once', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => ensureToken(home.token)));
    expect(new Set(tokens)).toEqual(new Set([readFileSync(home.token, 'utf8').trim()]));
  });

  test('is another one in another home', async () => {
    using first = temporaryFolder();
    using second = temporaryFolder();
    expect(await ensureToken(homeAt(first.path).token)).not.toBe(await ensureToken(homeAt(second.path).token));
  });

  test('is another one once it was replaced, and as private', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    const before = await ensureToken(home.token);
    const after = await replaceToken(home.token);
    expect(after).not.toBe(before);
    expect(await readToken(home.token)).toBe(after);
    expect(statSync(home.token).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path)).toEqual(['token']);
  });

  test('is not made by reading it', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    expect(await readToken(home.token)).toBeUndefined();
    expect(existsSync(home.token)).toBe(false);
  });

  test('is closed to others when they could read it', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    const token = await ensureToken(home.token);
    chmodSync(home.token, 0o644);
    expect(await readToken(home.token)).toBe(token);
    expect(statSync(home.token).mode & 0o777).toBe(0o600);
  });

  const damages = ['', '\n', 'abc', 'g'.repeat(64), 'a'.repeat(63), `${'a'.repeat(64)}\n${'b'.repeat(64)}\n`];
  test.each(damages)('that is damaged as %j is refused and left as it is', async (text) => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    writeFileSync(home.token, text);
    const refusal = {
      name: 'Problem',
      code: 'unavailable',
      message: `The API token in ${home.token} is damaged.`,
      hint: 'Delete the file and restart: Stint makes a new token.',
    };
    await expect(readToken(home.token)).rejects.toMatchObject(refusal);
    await expect(ensureToken(home.token)).rejects.toMatchObject(refusal);
    expect(readFileSync(home.token, 'utf8')).toBe(text);
  });

  test('that is a link to nothing is refused', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    symlinkSync(join(folder.path, 'nothing'), home.token);
    await expect(ensureToken(home.token)).rejects.toThrow(`The API token in ${home.token} is damaged.`);
  });

  test('that cannot be reached is a problem in words', async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'home'), '');
    const home = homeAt(join(folder.path, 'home'));
    await expect(ensureToken(home.token)).rejects.toMatchObject({
      name: 'Problem',
      code: 'unavailable',
      message: `${home.token} cannot be read: a part of the path is not a directory.`,
    });
  });
});
