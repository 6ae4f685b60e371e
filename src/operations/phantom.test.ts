import { describe, expect, test } from 'bun:test';
import { captured } from '../../test/builders.ts';
import { openOperations, secretOf } from '../../test/operation-rig.ts';
import { findPhantom } from '../book/phantoms.ts';

type Issued = {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: number;
  readonly environment: Readonly<Record<string, string>>;
};

describe('phantom.issue', () => {
  test('gives an agent its token and address, and never a secret', async () => {
    await using rig = await openOperations();
    await rig.add('work');
    const issued = (await rig.run('phantom.issue', { agent: ' Claude ' })) as Issued;
    expect(issued).toMatchObject({
      pool: 'anthropic',
      command: 'claude',
      expiresAt: captured + 30 * 86_400_000,
      environment: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:4610/anthropic', ANTHROPIC_AUTH_TOKEN: issued.token },
    });
    expect(issued.token).toMatch(/^stint-[\w-]{22}$/);
    expect(JSON.stringify(issued)).not.toContain(secretOf('work'));
  });

  test.each([
    ['wrapper', 240_000],
    ['env', 0],
  ])('for %s lets a request be held for %d ms', async (origin, holdMs) => {
    await using rig = await openOperations();
    await rig.add('work');
    const { token } = (await rig.run('phantom.issue', { agent: 'claude', origin })) as Issued;
    expect(findPhantom(rig.book, token)).toMatchObject({ holdMs, origin });
  });

  test.each([
    [{ agent: 'vim' }, 'invalid', '"vim" is not an agent that Stint knows.', 'Use one of: claude, codex, gemini'],
    [{ agent: 'claude', pool: 'none' }, 'not_found', 'There is no pool "none".', 'See: stint pool list'],
    [{ agent: 'claude', pool: '' }, 'not_found', 'There is no pool "".', 'See: stint pool list'],
  ])('refuses %j', async (...[input, code, message, hint]) => {
    await using rig = await openOperations();
    await rig.add('work');
    await expect(rig.run('phantom.issue', input)).rejects.toMatchObject({ code, message, hint });
    expect(rig.book.state.phantoms.size).toBe(0);
  });

  test('without an account says how to add one', async () => {
    await using rig = await openOperations();
    await expect(rig.run('phantom.issue', { agent: 'claude' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no account of anthropic yet.',
      hint: 'Add one with: stint account add anthropic work',
    });
  });
});

test('phantom.list has every token that is still good, and never what it is', async () => {
  await using rig = await openOperations();
  await rig.add('work');
  const { id, token, expiresAt } = (await rig.run('phantom.issue', { agent: 'claude' })) as Issued;
  const known = {
    ...{ id, provider: 'anthropic', pool: 'anthropic', origin: 'env' },
    ...{ createdAt: rig.now, expiresAt },
  };
  expect(await rig.run('phantom.list')).toEqual({ phantoms: [known] });
  expect(JSON.stringify(await rig.run('phantom.list', { pool: 'anthropic' }))).not.toContain(token);
  await expect(rig.run('phantom.list', { pool: 'none' })).rejects.toMatchObject({ code: 'not_found' });
  rig.now = expiresAt;
  expect(await rig.run('phantom.list')).toEqual({ phantoms: [] });
});

describe('phantom.revoke', () => {
  test('ends a token, once', async () => {
    await using rig = await openOperations();
    await rig.add('work');
    const { id, token } = (await rig.run('phantom.issue', { agent: 'claude' })) as Issued;
    expect(await rig.run('phantom.revoke', { id })).toEqual({ revoked: id });
    expect(findPhantom(rig.book, token)).toBeUndefined();
    await expect(rig.run('phantom.revoke', { id })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('takes the id and not the token', async () => {
    await using rig = await openOperations();
    await rig.add('work');
    const { token } = (await rig.run('phantom.issue', { agent: 'claude' })) as Issued;
    await expect(rig.run('phantom.revoke', { id: token })).rejects.toMatchObject({ code: 'not_found' });
    expect(findPhantom(rig.book, token)).toBeDefined();
  });
});
