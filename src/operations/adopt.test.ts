// The daemon's own operations on real directories of CLIs.
import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { idOf } from '../../test/builders.ts';
import { openVault } from '../vault/open-vault.ts';
import { openOperations, secretOf, type OperationRig } from '../../test/operation-rig.ts';

const file = '.credentials.json';
const tokens = {
  accessToken: 'sk-ant-oat01-test-adopted',
  refreshToken: 'sk-ant-ort01-test-adopted',
  expiresAt: 1_795_226_099_000,
  scopes: ['user:inference', 'user:profile'],
  subscriptionType: 'max',
  rateLimitTier: 'default_claude_max_5x',
};
const login = JSON.stringify({ claudeAiOauth: tokens });

/** A directory of Claude Code with these files. */
function directoryOf(rig: OperationRig, files: Readonly<Record<string, string>>): string {
  const folder = join(rig.folder, 'claude');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  return folder;
}

const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

describe('account.adopt', () => {
  test('moves a login into the vault as an account, and nothing of it stays behind', async () => {
    await using rig = await openOperations();
    const from = directoryOf(rig, { [file]: login, 'settings.json': '{}' });
    const input = { provider: 'anthropic', label: 'work', from };
    expect(await rig.run('account.adoptable', input)).toEqual({
      id: 'anthropic/work',
      from: join(from, file),
      question:
        `This takes the login out of ${from}/${file} and makes it anthropic/work. It can have only one owner: ` +
        `Claude Code in ${from} is logged out by it, and works through Stint from then on. End what runs there first. Go on?`,
    });
    expect(filesOf(from)[file]).toBe(login);
    expect(await rig.run('account.adopt', input)).toMatchObject({
      id: 'anthropic/work',
      credential: 'login',
      state: 'open',
      replaced: false,
      cli: 'Claude Code',
      from: join(from, file),
      warning: null,
    });
    expect(JSON.parse(rig.vault.read(idOf('work')) ?? '')).toMatchObject({
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken,
    });
    expect(filesOf(from)).toEqual({ 'settings.json': '{}' });
    expect(rig.book.pool(rig.book.account(idOf('work')).account.provider as never)?.pool.accounts).toEqual([
      idOf('work'),
    ]);
    expect(JSON.stringify(rig.audit)).not.toContain('sk-ant');
  });

  test('leaves the logins of MCP servers in the file', async () => {
    await using rig = await openOperations();
    const mcpOAuth = { server: { accessToken: 'mcp-test-token' } };
    const from = directoryOf(rig, { [file]: JSON.stringify({ mcpOAuth, claudeAiOauth: tokens }) });
    await rig.run('account.adopt', { provider: 'anthropic', label: 'work', from });
    expect(JSON.parse(filesOf(from)[file] ?? '')).toEqual({ mcpOAuth });
    expect(rig.vault.read(idOf('work'))).not.toContain('mcp-test-token');
  });

  test('takes the file itself where a link leads to it', async () => {
    await using rig = await openOperations();
    const from = directoryOf(rig, {});
    const own = join(rig.folder, 'dotfiles.json');
    writeFileSync(own, login);
    symlinkSync(own, join(from, file));
    await rig.run('account.adopt', { provider: 'anthropic', label: 'work', from });
    expect(existsSync(own)).toBe(false);
  });

  test('gives an account that exists the login, with --replace', async () => {
    await using rig = await openOperations();
    await rig.add('work');
    await rig.run('account.disable', { account: 'work' });
    const from = directoryOf(rig, { [file]: login });
    const input = { provider: 'anthropic', label: 'work', from };
    await expect(rig.run('account.adopt', input)).rejects.toMatchObject({
      message: 'Account anthropic/work exists.',
      hint: expect.stringContaining('stint account adopt anthropic work --replace'),
    });
    expect(filesOf(from)).toEqual({ [file]: login });
    const adopted = await rig.run('account.adopt', { ...input, replace: true });
    expect(adopted).toMatchObject({ credential: 'login', replaced: true, state: 'disabled' });
    expect(rig.vault.read(idOf('work'))).toContain(tokens.refreshToken);
  });
});

describe('account.adopt refuses', () => {
  const apiKey = '{"auth_mode":"apikey","OPENAI_API_KEY":"sk-test-key"}';
  const noRefresh = JSON.stringify({ claudeAiOauth: { ...tokens, refreshToken: undefined } });

  test.each([
    ['a directory without a login', {}, 'has no login in'],
    ['what is no JSON', { [file]: 'not json' }, 'cannot be read as a login: it is not JSON.'],
    ['JSON of another kind', { [file]: apiKey }, 'holds no login'],
    ['a login without a refresh token', { [file]: noRefresh }, 'no refresh token'],
  ])('%s', async (_, files, message) => {
    await using rig = await openOperations();
    const from = directoryOf(rig, files);
    const input = { provider: 'anthropic', label: 'work', from };
    for (const name of ['account.adoptable', 'account.adopt']) {
      await expect(rig.run(name, input)).rejects.toThrow(message);
    }
    expect(filesOf(from)).toEqual(files as Record<string, string>);
    expect([rig.vault.names(), rig.book.state.accounts.size, rig.book.state.pools.size]).toEqual([[], 0, 0]);
  });

  test.each([
    ['a relative path', { from: 'claude' }, 'must be an absolute path'],
    [
      'a directory that is not there',
      { from: '/nonexistent-of-a-test' },
      'The directory /nonexistent-of-a-test does not exist.',
    ],
    ['an unknown provider', { provider: 'nobody' }, '"nobody" is not a provider.'],
  ])('%s', async (_, more, message) => {
    await using rig = await openOperations();
    const from = directoryOf(rig, { [file]: login });
    const input = { provider: 'anthropic', label: 'work', from, ...more };
    await expect(rig.run('account.adopt', input)).rejects.toThrow(message);
    expect(filesOf(from)).toEqual({ [file]: login });
  });

  test('a file that cannot be read', async () => {
    await using rig = await openOperations();
    const from = directoryOf(rig, {});
    mkdirSync(join(from, file));
    const input = { provider: 'anthropic', label: 'work', from };
    await expect(rig.run('account.adopt', input)).rejects.toThrow(
      `${join(from, file)} cannot be read: it is a directory.`,
    );
  });
});

describe('a login that the vault has', () => {
  const input = { provider: 'anthropic', secret: login };

  test('is not added a second time', async () => {
    await using rig = await openOperations();
    await rig.run('account.add', { ...input, label: 'one' });
    const again = rig.run('account.add', { ...input, label: 'two' });
    await expect(again).rejects.toThrow('Account anthropic/one has this login already.');
    expect(rig.vault.names()).toEqual([idOf('one')]);
    expect(await rig.run('account.add', { ...input, label: 'one', replace: true })).toMatchObject({ replaced: true });
  });

  test.each([file, `${file}.moving-to-stint`])('is not adopted a second time, out of %s', async (name) => {
    await using rig = await openOperations();
    await rig.run('account.add', { ...input, label: 'one' });
    const from = directoryOf(rig, { [name]: login });
    for (const operation of ['account.adoptable', 'account.adopt']) {
      const again = rig.run(operation, { provider: 'anthropic', label: 'two', from });
      await expect(again).rejects.toThrow('Account anthropic/one has this login already.');
    }
    expect(filesOf(from)).toEqual({ [name]: login });
  });

  test('is told apart from one of another ChatGPT account', async () => {
    await using rig = await openOperations();
    const planOf = (name: string) =>
      JSON.stringify({
        tokens: { access_token: `at-test-${name}`, refresh_token: `rt-test-${name}`, account_id: `acct-${name}` },
      });
    const plan = { provider: 'openai', label: 'plan', replace: true };
    await rig.run('account.add', { ...plan, secret: planOf('one'), replace: false });
    const warning = 'This login is of another account at the provider than the one that openai/plan had.';
    expect(await rig.run('account.add', { ...plan, secret: planOf('two') })).toMatchObject({ warning });
    const from = directoryOf(rig, { 'auth.json': planOf('three') });
    expect(await rig.run('account.adoptable', { ...plan, from })).toMatchObject({
      question: expect.stringContaining(warning),
    });
    expect(await rig.run('account.adopt', { ...plan, from })).toMatchObject({ warning });
    writeFileSync(join(from, 'auth.json'), planOf('three').replace('rt-test-three', 'rt-test-newer'));
    expect(await rig.run('account.adopt', { ...plan, from })).toMatchObject({ warning: null });
  });
});

describe('the host that an adopted login is sent to', () => {
  const baseUrl = 'https://api.vendor.example/anthropic';

  test.each([
    ['its provider’s own', {}, null, 'its provider’s own hosts, and no longer to api.vendor.example'],
    ['the one that is said', { baseUrl }, baseUrl, 'The login is sent to api.vendor.example'],
  ])('is %s', async (...[, more, expected, words]) => {
    await using rig = await openOperations();
    const vendor = { provider: 'anthropic', label: 'vendor' };
    await rig.run('account.add', { ...vendor, secret: secretOf('vendor'), baseUrl });
    const input = { ...vendor, from: directoryOf(rig, { [file]: login }), replace: true, ...more };
    expect(await rig.run('account.adoptable', input)).toMatchObject({ question: expect.stringContaining(words) });
    await rig.run('account.adopt', input);
    expect(rig.book.account(idOf('vendor')).account.baseUrl).toBe(expected);
  });
});

describe('account.adopt that fails on the way leaves everything as it was', () => {
  const failures: [string, (rig: OperationRig, from: string) => void, string][] = [
    ['when the file cannot be taken away', (_, from) => blockMove(from), 'cannot be taken away'],
    [
      'when the vault cannot be written',
      ({ folder }) => renameSync(join(folder, 'vault.json'), join(folder, 'away')),
      'vault',
    ],
    ['when the store cannot be written', (rig) => breakStore(rig), 'the disk is full'],
  ];
  const cases = failures.flatMap(([title, fail, message]) =>
    [false, true].map((replace) => [title, replace, { fail, message }] as const),
  );

  test.each(cases)('%s (replace: %p)', async (_, replace, { fail, message }) => {
    await using rig = await openOperations();
    await rig.add('other', ...(replace ? ['work'] : []));
    const from = directoryOf(rig, { [file]: login });
    const before = { accounts: await rig.run('account.list'), pools: await rig.run('pool.list') };
    fail(rig, from);
    const input = { provider: 'anthropic', label: 'work', from, replace };
    await expect(rig.run('account.adopt', input)).rejects.toThrow(message);
    expect(readFileSync(join(from, file), 'utf8')).toBe(login);
    if (existsSync(join(rig.folder, 'away'))) renameSync(join(rig.folder, 'away'), join(rig.folder, 'vault.json'));
    for (const vault of [rig.vault, await openVault(join(rig.folder, 'vault.json'))]) {
      expect(vault.read(idOf('work'))).toBe(replace ? secretOf('work') : undefined);
    }
    expect({ accounts: await rig.run('account.list'), pools: await rig.run('pool.list') }).toEqual(before);
  });

  /** What the file is renamed to is a folder with something in it. */
  function blockMove(from: string): void {
    mkdirSync(join(from, `${file}.moving-to-stint`));
    writeFileSync(join(from, `${file}.moving-to-stint`, 'x'), '');
  }

  function breakStore({ book }: OperationRig): void {
    const full = () => Promise.reject(new Error('the disk is full'));
    const { store } = book;
    const saveAccount = store.saveAccount.bind(store);
    let saves = 0;
    Object.assign(store, {
      addAccount: full,
      // The first says only that a change has begun.
      saveAccount: (account: never) => ((saves += 1) === 2 ? full() : saveAccount(account)),
    });
  }
});

describe('account.adopt after a crash', () => {
  const moving = `${file}.moving-to-stint`;

  test.each([
    ['with nothing left of the file', {}],
    ['with the rest of the file written', { [file]: '{"mcpOAuth":{}}' }],
  ])('goes on from where the login is, %s', async (_, rest) => {
    await using rig = await openOperations();
    const whole = JSON.stringify({ mcpOAuth: {}, claudeAiOauth: tokens });
    const from = directoryOf(rig, { ...rest, [moving]: whole });
    await rig.run('account.adopt', { provider: 'anthropic', label: 'work', from });
    expect(filesOf(from)).toEqual({ [file]: '{"mcpOAuth":{}}' });
    expect(rig.vault.read(idOf('work'))).toContain(tokens.refreshToken);
  });

  test('leaves what the CLI wrote meanwhile as it is', async () => {
    await using rig = await openOperations();
    const newer = '{"mcpOAuth":{"server":"newer"}}';
    const old = JSON.stringify({ mcpOAuth: { server: 'older' }, claudeAiOauth: tokens });
    const from = directoryOf(rig, { [file]: newer, [moving]: old });
    await rig.run('account.adopt', { provider: 'anthropic', label: 'work', from });
    expect(filesOf(from)).toEqual({ [file]: newer });
    expect(rig.vault.read(idOf('work'))).toContain(tokens.refreshToken);
  });

  test('does not put the login of then in the place of one that works', async () => {
    await using rig = await openOperations();
    await rig.add('work');
    const from = directoryOf(rig, { [moving]: login });
    const input = { provider: 'anthropic', label: 'work', from, replace: true };
    await expect(rig.run('account.adopt', input)).rejects.toThrow('was moved before, and anthropic/work works.');
    expect(rig.vault.read(idOf('work'))).toBe(secretOf('work'));
  });
});
