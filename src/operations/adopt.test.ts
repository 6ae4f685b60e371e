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
    await expect(rig.run('account.adopt', input)).rejects.toThrow('Account anthropic/work exists.');
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
    ['what is no JSON', { [file]: 'not json' }, 'holds no login'],
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
    ['a directory that is not there', { from: '/nonexistent-of-a-test' }, 'has no login in'],
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
