import { describe, expect, test } from 'bun:test';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { homeAt } from './open-home.ts';
import { ensureToken, readToken } from './token.ts';

describe('the API token', () => {
  test('is made once, for its owner only', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    const token = await ensureToken(home);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(home.token).mode & 0o777).toBe(0o600);
    expect(await ensureToken(home)).toBe(token);
    expect(await readToken(home)).toBe(token);
    expect(readdirSync(folder.path)).toEqual(['token']);
  });

  test('is the same for all that ask for it first at once', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => ensureToken(home)));
    expect(new Set(tokens)).toEqual(new Set([readFileSync(home.token, 'utf8').trim()]));
  });

  test('is another one in another home', async () => {
    using first = temporaryFolder();
    using second = temporaryFolder();
    expect(await ensureToken(homeAt(first.path))).not.toBe(await ensureToken(homeAt(second.path)));
  });

  test('is not made by reading it', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    expect(await readToken(home)).toBeUndefined();
    expect(existsSync(home.token)).toBe(false);
  });

  test('is closed to others when they could read it', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    const token = await ensureToken(home);
    chmodSync(home.token, 0o644);
    expect(await readToken(home)).toBe(token);
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
    await expect(readToken(home)).rejects.toMatchObject(refusal);
    await expect(ensureToken(home)).rejects.toMatchObject(refusal);
    expect(readFileSync(home.token, 'utf8')).toBe(text);
  });

  test('that is a link to nothing is refused', async () => {
    using folder = temporaryFolder();
    const home = homeAt(folder.path);
    symlinkSync(join(folder.path, 'nothing'), home.token);
    await expect(ensureToken(home)).rejects.toThrow(`The API token in ${home.token} is damaged.`);
  });

  test('that cannot be reached is a problem in words', async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'home'), '');
    const home = homeAt(join(folder.path, 'home'));
    await expect(ensureToken(home)).rejects.toMatchObject({
      name: 'Problem',
      code: 'unavailable',
      message: `${home.token} cannot be read: a part of the path is not a directory.`,
    });
  });
});
