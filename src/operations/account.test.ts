import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { captured, idOf } from '../../test/builders.ts';
import { openOperations, secretOf } from '../../test/operation-rig.ts';

const hour = 3_600_000;
const fresh = { provider: 'anthropic', label: 'work', secret: secretOf('work') };

describe('account.add', () => {
  test.each([
    ['  Work  ', 'anthropic/work'],
    ['My  Team. 2!', 'anthropic/my-team-2'],
    ['ACCOUNT_1', 'anthropic/account-1'],
    ['x'.repeat(80), `anthropic/${'x'.repeat(40)}`],
  ])('makes of the label "%s" the id %s', async (label, id) => {
    await using rig = await openOperations();
    expect(await rig.run('account.add', { ...fresh, label })).toMatchObject({ id, replaced: false });
  });

  test.each([
    ['sk-ant-api03-test-0123456789', 'api-key'],
    ['sk-ant-oat01-test-0123456789', 'setup-token'],
    ['a-key-of-a-compatible-vendor', 'api-key'],
    ['  sk-ant-oat01-test-0123456789\n', 'setup-token'],
  ])('recognises %j as a %s', async (secret, credential) => {
    await using rig = await openOperations();
    expect(await rig.run('account.add', { ...fresh, secret })).toMatchObject({ credential });
    expect(rig.vault.read(idOf('work'))).toBe(secret.trim());
  });

  test.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['https://API.example.com/anthropic///', 'https://api.example.com/anthropic'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    [undefined, null],
  ])('keeps the base URL %s as %s', async (baseUrl, kept) => {
    await using rig = await openOperations();
    expect(await rig.run('account.add', { ...fresh, baseUrl })).toMatchObject({ baseUrl: kept });
  });

  test.each([
    [{ provider: 'nobody' }, 'invalid', '"nobody" is not a provider.', 'Use one of: anthropic'],
    [
      { label: '///' },
      'invalid',
      '"///" makes no label: take letters from a to z, digits, spaces, dots, dashes and underscores.',
      'For example: work',
    ],
    [{ label: '../a' }, 'invalid', '"../a" makes no label: take letters', 'For example: work'],
    [{ label: 'a\\b' }, 'invalid', 'makes no label: take letters', 'For example: work'],
    [{ label: 'a\0b' }, 'invalid', 'makes no label: take letters', 'For example: work'],
    [{ label: 'Büro' }, 'invalid', '"Büro" makes no label: take letters', 'For example: work'],
    [{ label: '' }, 'invalid', '"" makes no label: it needs a letter or a digit.', 'For example: work'],
    [{ secret: '' }, 'invalid', 'The secret is empty.', 'sk-ant-api'],
    [{ secret: ' \n ' }, 'invalid', 'The secret is empty.', 'sk-ant-api'],
    [{ secret: 'sk-ant-ort01-test-0123456789' }, 'invalid', 'That is a refresh token', 'sk-ant-oat'],
    [{ secret: 'sk-ant-sid01-test-0123456789' }, 'invalid', 'That is the cookie of a browser session', 'sk-ant-oat'],
    [{ secret: 'sk-ant-admin01-test-0123456' }, 'invalid', 'That is an admin key', 'sk-ant-oat'],
    [{ secret: 'two words' }, 'invalid', 'That does not look like a credential', 'sk-ant-oat'],
    [{ secret: '{"accessToken":"test"}' }, 'invalid', 'That does not look like a credential', 'sk-ant-oat'],
    [{ secret: 'sk\u0000ant-api03-test' }, 'invalid', 'That does not look like a credential', 'sk-ant-oat'],
    [{ secret: 'x'.repeat(600) }, 'invalid', 'That does not look like a credential', 'sk-ant-oat'],
    [{ baseUrl: 'api.example.com' }, 'invalid', 'The base URL is not a URL.', '--base-url https://'],
    [{ baseUrl: '' }, 'invalid', 'The base URL is not a URL.', '--base-url https://'],
    [{ baseUrl: 'file:///etc' }, 'invalid', 'The base URL must begin with https:// or http://.', '--base-url https://'],
    [{ baseUrl: 'https://me:pw@x.example' }, 'invalid', 'The base URL must not hold a user or a password.', '--base'],
    [{ baseUrl: 'https://x.example/?a=1' }, 'invalid', 'The base URL must not have a query or a fragment.', '--base'],
    [{ baseUrl: 'https://x.example/#a' }, 'invalid', 'The base URL must not have a query or a fragment.', '--base'],
    [{ replace: true }, 'not_found', 'There is no account anthropic/work to replace.', 'Leave out --replace'],
  ])('refuses %j and keeps nothing', async (...[wrong, code, message, hint]) => {
    await using rig = await openOperations();
    await expect(rig.run('account.add', { ...fresh, ...wrong })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining(hint) as string,
    });
    expect(await rig.run('account.list')).toEqual({ accounts: [] });
    expect(await rig.run('pool.list')).toEqual({ pools: [] });
    expect(rig.vault.names()).toEqual([]);
  });

  test('refuses a label that is taken, in any writing, and keeps the secret that is there', async () => {
    await using rig = await openOperations();
    await rig.add('work');
    await expect(
      rig.run('account.add', { ...fresh, label: ' WORK ', secret: secretOf('other') }),
    ).rejects.toMatchObject({
      code: 'conflict',
      message: 'Account anthropic/work exists.',
      hint: expect.stringContaining('stint account add anthropic work --replace') as string,
    });
    expect(rig.vault.read(idOf('work'))).toBe(secretOf('work'));
  });

  test('writes the secret to no file in a readable form', async () => {
    await using rig = await openOperations();
    await rig.add('work');
    for (const file of ['stint.db', 'stint.db-wal', 'vault.json', 'vault.key']) {
      expect(readFileSync(join(rig.folder, file)).includes(secretOf('work'))).toBe(false);
    }
  });
});

test('account.add warns of a login that its CLI may still have', async () => {
  await using rig = await openOperations();
  const secret = JSON.stringify({ accessToken: 'sk-ant-oat01-test-login', refreshToken: 'sk-ant-ort01-test-login' });
  expect(await rig.run('account.add', { ...fresh, secret })).toMatchObject({
    credential: 'login',
    warning: expect.stringContaining('stint account adopt anthropic work --replace --from <directory>') as string,
  });
});

describe('a base URL', () => {
  test.each([
    [
      'http://api.lan:8080/anthropic',
      /^The secret travels unencrypted to api\.lan:8080: .+ https:\/\/ where you can\.$/,
    ],
    ['http://10.0.0.7', /unencrypted to 10\.0\.0\.7:/],
  ])('%s is taken, with a warning each time', async (baseUrl, warning) => {
    await using rig = await openOperations();
    const { secret, ...checked } = { ...fresh, baseUrl };
    const told = { warning: expect.stringMatching(warning) as string };
    expect(await rig.run('account.check', checked)).toEqual({ id: 'anthropic/work', ...told });
    expect(await rig.run('account.add', { ...checked, secret })).toMatchObject({ baseUrl, ...told });
    expect(await rig.run('account.add', { ...fresh, replace: true })).toMatchObject({ baseUrl, ...told });
  });

  test.each(['https://api.lan', 'http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:1', undefined])(
    '%s needs none',
    async (baseUrl) => {
      await using rig = await openOperations();
      expect(await rig.run('account.add', { ...fresh, baseUrl })).toMatchObject({ warning: null });
    },
  );
});

describe('account.check', () => {
  test.each([
    [{ provider: 'nobody' }, 'invalid'],
    [{ label: '///' }, 'invalid'],
    [{ label: 'Taken' }, 'conflict'],
    [{ replace: true }, 'not_found'],
    [{ baseUrl: 'ftp://x' }, 'invalid'],
  ])('refuses %j as account.add does', async (wrong, code) => {
    await using rig = await openOperations();
    await rig.add('taken');
    const { secret, ...checked } = { ...fresh, ...wrong };
    const added = await rig.run('account.add', { ...checked, secret }).catch(String);
    const refused = await rig.run('account.check', checked).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code });
    expect(String(refused)).toBe(String(added));
  });

  test('keeps nothing', async () => {
    await using rig = await openOperations();
    const { secret: _, ...checked } = fresh;
    expect(await rig.run('account.check', checked)).toEqual({ id: 'anthropic/work', warning: null });
    expect(await rig.run('account.list')).toEqual({ accounts: [] });
    expect(rig.audit).toEqual([]);
  });
});

describe('account.add with replace', () => {
  test('changes the secret and its kind, and nothing else', async () => {
    await using rig = await openOperations();
    await rig.run('account.add', { ...fresh, baseUrl: 'https://x.example' });
    await rig.add('second');
    rig.now += hour;
    const secret = 'sk-ant-oat01-test-0123456789';
    expect(await rig.run('account.add', { ...fresh, secret, replace: true })).toMatchObject({
      id: 'anthropic/work',
      replaced: true,
      credential: 'setup-token',
      baseUrl: 'https://x.example',
      addedAt: captured,
    });
    expect(rig.vault.read(idOf('work'))).toBe(secret);
    expect(await rig.run('pool.show', { pool: 'anthropic' })).toMatchObject({
      accounts: ['anthropic/work', 'anthropic/second'],
    });
  });

  test('ends a refused login', async () => {
    await using rig = await openOperations();
    await rig.add('work');
    await rig.observe('work', { kind: 'refused', evidence: 'invalid x-api-key' });
    expect(await rig.run('account.show', { account: 'work' })).toMatchObject({
      state: 'needs-login',
      reason: 'invalid x-api-key',
    });
    await rig.run('account.add', { ...fresh, replace: true });
    expect(await rig.run('account.show', { account: 'work' })).toMatchObject({ state: 'open', reason: null });
  });

  test('leaves an account out of service that was taken out', async () => {
    await using rig = await openOperations();
    await rig.add('work');
    await rig.run('account.disable', { account: 'work' });
    expect(await rig.run('account.add', { ...fresh, replace: true })).toMatchObject({ state: 'disabled' });
  });
});

describe('an account is named', () => {
  test.each(['work', 'Work', ' work ', 'anthropic/work', 'Anthropic/WORK'])('by %j', async (account) => {
    await using rig = await openOperations();
    await rig.add('work');
    expect(await rig.run('account.show', { account })).toMatchObject({ id: 'anthropic/work' });
  });

  test.each(['', 'wor', '/', 'anthropic/', '/work', 'openai/work', 'anthropic/work/x', `${'x'.repeat(500)}\n`])(
    'by nothing else, such as %j',
    async (account) => {
      await using rig = await openOperations();
      await rig.add('work');
      await expect(rig.run('account.show', { account })).rejects.toMatchObject({
        code: 'not_found',
        message: expect.stringMatching(/^There is no account ".{0,61}"\.$/) as string,
        hint: 'See: stint account list',
      });
    },
  );

  test.each(['show', 'remove', 'disable', 'enable', 'clear'])('by a name that must exist for %s', async (verb) => {
    await using rig = await openOperations();
    await expect(rig.run(`account.${verb}`, { account: 'nobody' })).rejects.toMatchObject({ code: 'not_found' });
  });
});

test('account.remove takes the account, its secret and its places in pools', async () => {
  await using rig = await openOperations();
  await rig.add('a', 'b');
  await rig.run('pool.create', { pool: 'own', accounts: ['a', 'b'] });
  await rig.run('pool.use', { pool: 'own', account: 'a' });
  expect(await rig.run('account.remove', { account: 'a' })).toEqual({ removed: 'anthropic/a' });
  expect(rig.vault.names()).toEqual([idOf('b')]);
  expect(await rig.run('pool.list')).toMatchObject({
    pools: [
      { name: 'anthropic', accounts: ['anthropic/b'] },
      { name: 'own', accounts: ['anthropic/b'], pinned: null },
    ],
  });
});

describe('changes at the same time', () => {
  test('of several accounts all reach the pool, each once', async () => {
    await using rig = await openOperations();
    const labels = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(labels.map((label) => rig.add(label)));
    const { accounts } = (await rig.run('pool.show', { pool: 'anthropic' })) as { accounts: string[] };
    expect(accounts.toSorted()).toEqual(labels.map((label) => `anthropic/${label}`));
    const { pools } = await rig.book.store.load();
    expect(pools[0]?.accounts.toSorted()).toEqual(labels.map(idOf));
  });

  test('to one label add one account', async () => {
    await using rig = await openOperations();
    const secrets = ['sk-ant-api03-test-first-01', 'sk-ant-api03-test-second-2'];
    const adds = await Promise.allSettled(secrets.map((secret) => rig.run('account.add', { ...fresh, secret })));
    expect(adds.map((each) => each.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await rig.run('pool.show', { pool: 'anthropic' })).toMatchObject({ accounts: ['anthropic/work'] });
    const kept = secrets[adds.findIndex((each) => each.status === 'fulfilled')];
    expect(rig.vault.read(idOf('work'))).toBe(kept);
  });

  test('to one pool all count', async () => {
    await using rig = await openOperations();
    await rig.add('a', 'b');
    await Promise.all([
      rig.run('pool.set', { pool: 'anthropic', strategy: 'priority' }),
      rig.run('pool.set', { pool: 'anthropic', overage: 'last' }),
      rig.run('pool.use', { pool: 'anthropic', account: 'b' }),
      rig.run('account.remove', { account: 'a' }),
      rig.add('c'),
    ]);
    expect(await rig.run('pool.show', { pool: 'anthropic' })).toMatchObject({
      accounts: ['anthropic/b', 'anthropic/c'],
      strategy: 'priority',
      overage: 'last',
      pinned: 'anthropic/b',
    });
  });

  test('leave no secret without its account', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    await Promise.allSettled([
      rig.run('account.remove', { account: 'a' }),
      rig.run('account.add', { ...fresh, label: 'a', replace: true }),
      rig.run('account.disable', { account: 'a' }),
    ]);
    const { accounts } = (await rig.run('account.list')) as { accounts: { id: string }[] };
    expect(rig.vault.names().map(String)).toEqual(accounts.map((each) => each.id));
    expect((await rig.book.store.load()).accounts.map((each) => String(each.id))).toEqual(
      accounts.map((each) => each.id),
    );
  });
});
