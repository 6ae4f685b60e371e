import { describe, expect, test } from 'bun:test';
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asAccountId } from '../core/ids.ts';
import { encryptTo, generateKey } from './encryption.ts';
import { openVault } from './open-vault.ts';

const work = asAccountId('anthropic/work');
const home = asAccountId('anthropic/home');
const secret = 'sk-ant-api03-test-0123456789';

describe('the vault', () => {
  test('gives back after a restart what was written, replaced and removed', async () => {
    using place = vaultPlace();
    const vault = await openVault(place.path);
    await vault.write(work, 'sk-ant-api03-test-replaced');
    await vault.write(home, 'sk-ant-oat01-test-ü\n"quoted"');
    await vault.write(work, secret);
    await vault.write(asAccountId('anthropic/gone'), 'sk-ant-api03-test-gone');
    await vault.remove(asAccountId('anthropic/gone'));
    for (const seen of [vault, await openVault(place.path)]) {
      expect(seen.names()).toEqual([work, home]);
      expect(seen.read(work)).toBe(secret);
      expect(seen.read(home)).toBe('sk-ant-oat01-test-ü\n"quoted"');
      expect(seen.read(asAccountId('anthropic/gone'))).toBeUndefined();
      expect(seen.keySource).toBe('file');
    }
  });

  test('shows a staged secret to nobody before it is published, and takes it back with undo', async () => {
    using place = vaultPlace();
    const vault = await openVault(place.path);
    await vault.write(work, secret);
    const replaced = await vault.stage(work, 'sk-ant-api03-test-replaced');
    expect(vault.read(work)).toBe(secret);
    expect((await openVault(place.path)).read(work)).toBe('sk-ant-api03-test-replaced');
    replaced.publish();
    expect(vault.read(work)).toBe('sk-ant-api03-test-replaced');
    for (const [account, before] of [
      [work, 'sk-ant-api03-test-replaced'],
      [home, undefined],
    ] as const) {
      const staged = await vault.stage(account, 'sk-ant-api03-test-staged');
      await staged.undo();
      expect(vault.read(account)).toBe(before);
      expect((await openVault(place.path)).read(account)).toBe(before);
    }
  });

  test('copies a secret to another name, and nothing where there is none', async () => {
    using place = vaultPlace();
    const vault = await openVault(place.path);
    await vault.write(work, secret);
    await vault.copy(work, home);
    await vault.copy(asAccountId('anthropic/nobody'), work);
    for (const seen of [vault, await openVault(place.path)])
      expect([seen.names(), seen.read(work), seen.read(home)]).toEqual([[work, home], secret, secret]);
  });

  test('makes nothing before the first write', async () => {
    using place = vaultPlace();
    const vault = await openVault(place.path);
    await vault.remove(work);
    expect(vault.names()).toEqual([]);
    expect(place.files()).toEqual({});
  });

  test('and its key are for their owner only, and become so again', async () => {
    using place = vaultPlace();
    await writeOne(place.path);
    const closed = { 'vault.json': 0o600, 'vault.key': 0o600 };
    expect(place.modes()).toEqual(closed);
    for (const name of Object.keys(closed)) chmodSync(join(place.folder, name), 0o644);
    await openVault(place.path);
    expect(place.modes()).toEqual(closed);
  });

  test('shows neither a secret nor whose it is', async () => {
    using place = vaultPlace();
    await writeOne(place.path);
    const text = Object.values(place.files()).join('\n');
    const unarmored = Buffer.from(text.replaceAll(/\\n|[^A-Za-z0-9+/=]/g, ''), 'base64').toString('latin1');
    for (const trace of [secret, 'sk-ant', work, 'anthropic', Buffer.from(secret).toString('base64').slice(0, 12)]) {
      expect(text).not.toContain(trace);
      expect(unarmored).not.toContain(trace);
    }
  });

  test('is encrypted anew with every write', async () => {
    using place = vaultPlace();
    const vault = await openVault(place.path);
    await vault.write(work, secret);
    const before = place.files()['vault.json'];
    await vault.write(work, secret);
    expect(place.files()['vault.json']).not.toBe(before);
  });

  test('keeps its kind of key whatever the settings say later', async () => {
    using place = vaultPlace();
    await writeOne(place.path);
    const vault = await openVault(place.path, { keySource: 'passphrase' });
    await vault.write(home, secret);
    expect(vault.keySource).toBe('file');
    expect((await openVault(place.path)).names()).toEqual([work, home]);
  });
});

describe('changes that are asked for at once', () => {
  test('are all made, one after the other', async () => {
    using place = vaultPlace();
    const vault = await openVault(place.path);
    const accounts = Array.from({ length: 20 }, (_, index) => asAccountId(`anthropic/account-${index}`));
    await Promise.all([...accounts, ...accounts].map((account, index) => vault.write(account, `sk-test-${index}`)));
    const reopened = await openVault(place.path);
    expect(reopened.names()).toEqual(accounts);
    expect(accounts.map((account) => reopened.read(account))).toEqual(
      accounts.map((_, index) => `sk-test-${index + 20}`),
    );
    expect(Object.keys(place.files())).toEqual(['vault.json', 'vault.key']);
  });

  test('are made in the order in which they were asked for', async () => {
    using place = vaultPlace();
    const vault = await openVault(place.path);
    await vault.write(work, 'sk-test-old');
    await Promise.all([vault.remove(work), vault.write(work, secret), vault.write(home, secret), vault.remove(home)]);
    expect((await openVault(place.path)).names()).toEqual([work]);
    expect(vault.read(work)).toBe(secret);
  });
});

describe('a write that fails', () => {
  test('leaves in memory what is on the disk', async () => {
    using place = vaultPlace();
    await writeOne(place.path);
    // Its draft would have a name that is too long for the file system: no permission is needed for that to fail.
    const path = join(place.folder, `${'v'.repeat(240)}.json`);
    copyFileSync(place.path, path);
    const vault = await openVault(path);
    const before = place.files();
    await expect(vault.write(home, secret)).rejects.toMatchObject({ name: 'Problem', code: 'unavailable' });
    await expect(vault.write(work, 'sk-test-new')).rejects.toThrow(`The vault ${path} cannot be written: `);
    await expect(vault.remove(work)).rejects.toThrow('cannot be written');
    expect(vault.names()).toEqual([work]);
    expect(vault.read(work)).toBe(secret);
    expect(place.files()).toEqual(before);
  });

  test('does not stand in the way of the next one', async () => {
    using place = vaultPlace();
    const folder = join(place.folder, 'later');
    const vault = await openVault(join(folder, 'vault.json'));
    await expect(vault.write(work, secret)).rejects.toMatchObject({ name: 'Problem', code: 'unavailable' });
    expect(vault.names()).toEqual([]);
    await Bun.write(join(folder, 'README'), '');
    await vault.write(work, secret);
    expect((await openVault(join(folder, 'vault.json'))).read(work)).toBe(secret);
  });

  test('because somebody else wrote touches neither what they wrote nor memory', async () => {
    using place = vaultPlace();
    await writeOne(place.path);
    const [first, second] = [await openVault(place.path), await openVault(place.path)];
    await second.write(home, 'sk-test-second');
    const before = place.files();
    await expect(first.write(home, 'sk-test-first')).rejects.toMatchObject({
      name: 'Problem',
      code: 'conflict',
      message: `The vault ${place.path} was changed by somebody else; nothing was written.`,
    });
    expect(first.read(home)).toBeUndefined();
    expect(place.files()).toEqual(before);
  });

  test('because the vault was moved away does not make a new one', async () => {
    using place = vaultPlace();
    const vault = await writeOne(place.path);
    rmSync(place.path);
    await expect(vault.write(home, secret)).rejects.toMatchObject({ code: 'conflict' });
    expect(Object.keys(place.files())).toEqual(['vault.key']);
  });

  test('because another one made the vault first leaves that one', async () => {
    using place = vaultPlace();
    const late = await openVault(place.path);
    await writeOne(place.path);
    const before = place.files();
    await expect(late.write(home, secret)).rejects.toMatchObject({ code: 'conflict' });
    expect(place.files()).toEqual(before);
  });
});

describe('a damaged vault', () => {
  const damages: [string, (text: string) => string][] = [
    ['is empty', () => ''],
    ['is cut off', (text) => text.slice(0, text.length / 2)],
    ['is not an object', () => '"vault"'],
    ['has a field too many', (text) => text.replace('{', '{"more": 1,')],
    ['has no payload', (text) => JSON.stringify({ ...JSON.parse(text), payload: undefined })],
    ['has an unknown kind of key', (text) => text.replace('"file"', '"cloud"')],
    ['has a payload that is no ciphertext', (text) => JSON.stringify({ ...JSON.parse(text), payload: secret })],
    ['has a flipped bit in its payload', flipInPayload],
  ];
  test.each(damages)('that %s is refused and left as it is', async (_, damage) => {
    using place = vaultPlace();
    await writeOne(place.path);
    writeFileSync(place.path, damage(readFileSync(place.path, 'utf8')));
    const before = place.files();
    await expect(openVault(place.path)).rejects.toMatchObject({
      name: 'Problem',
      code: 'unavailable',
      message: `The vault ${place.path} is damaged; nothing was changed.`,
    });
    expect(place.files()).toEqual(before);
  });

  test.each(['no JSON', '[]', '{"anthropic/work": 1}'])('whose payload holds %j is refused', async (payload) => {
    using place = vaultPlace();
    const key = await generateKey();
    writeFileSync(join(place.folder, 'vault.key'), key.identity);
    const file = {
      version: 1,
      keySource: { kind: 'file' },
      recipient: key.recipient,
      payload: await encryptTo(key.recipient, payload),
    };
    writeFileSync(place.path, JSON.stringify(file));
    await expect(openVault(place.path)).rejects.toThrow('is damaged; nothing was changed.');
  });

  test('does not show its content in the refusal', async () => {
    using place = vaultPlace();
    writeFileSync(place.path, `{"version": 1, "payload": ${secret}}`);
    const refusal = await openVault(place.path).catch((error: unknown) => error);
    expect(Bun.inspect(refusal)).toContain('is damaged');
    expect(Bun.inspect(refusal)).not.toContain(secret);
  });
});

test('a vault of a newer Stint is refused and left as it is', async () => {
  using place = vaultPlace();
  await writeOne(place.path);
  writeFileSync(place.path, readFileSync(place.path, 'utf8').replace('"version": 1', '"version": 2'));
  const before = place.files();
  await expect(openVault(place.path)).rejects.toMatchObject({
    code: 'conflict',
    message: `The vault ${place.path} was written by a newer Stint.`,
    hint: 'Upgrade Stint.',
  });
  expect(place.files()).toEqual(before);
});

test('a directory in place of the vault is refused in one sentence', async () => {
  using place = vaultPlace();
  await expect(openVault(place.folder)).rejects.toMatchObject({
    name: 'Problem',
    message: `${place.folder} cannot be read: it is a directory.`,
  });
});

/** A folder for a vault, and what lies in it. */
function vaultPlace() {
  const folder = temporaryFolder();
  const names = () => readdirSync(folder.path).toSorted((one, other) => one.localeCompare(other));
  const each = <Value>(look: (path: string) => Value): Record<string, Value> =>
    Object.fromEntries(names().map((name) => [name, look(join(folder.path, name))]));
  return {
    folder: folder.path,
    path: join(folder.path, 'vault.json'),
    files: () => each((path) => readFileSync(path, 'utf8')),
    modes: () => each((path) => statSync(path).mode & 0o777),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

async function writeOne(path: string) {
  const vault = await openVault(path);
  await vault.write(work, secret);
  return vault;
}

function flipInPayload(text: string): string {
  const file: { payload: string } = JSON.parse(text);
  const lines = file.payload.split('\n');
  const last = lines.length - 3;
  lines[last] = lines[last]?.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) ?? '';
  return JSON.stringify({ ...file, payload: lines.join('\n') });
}

describe('a swap', () => {
  test('replaces exactly the secret that it names', async () => {
    using place = vaultPlace();
    const vault = await writeOne(place.path);
    expect(await vault.swap(work, secret, 'sk-test-next')).toBe(true);
    expect(await vault.swap(work, secret, 'sk-test-late')).toBe(false);
    expect(await vault.swap(home, secret, 'sk-test-late')).toBe(false);
    expect(vault.read(work)).toBe('sk-test-next');
    expect((await openVault(place.path)).read(work)).toBe('sk-test-next');
    expect(vault.names()).toEqual([work]);
  });

  test('that another write overtakes changes nothing', async () => {
    using place = vaultPlace();
    const vault = await writeOne(place.path);
    const written = vault.write(work, 'sk-test-newer');
    expect(await vault.swap(work, secret, 'sk-test-older')).toBe(false);
    await written;
    expect(vault.read(work)).toBe('sk-test-newer');
  });

  test('of before a staged secret is what an undo brings back', async () => {
    using place = vaultPlace();
    const vault = await writeOne(place.path);
    const swapped = vault.swap(work, secret, 'sk-test-next');
    const staged = await vault.stage(work, 'sk-test-staged');
    expect([await swapped, vault.read(work)]).toEqual([true, 'sk-test-next']);
    await staged.undo();
    expect((await openVault(place.path)).read(work)).toBe('sk-test-next');
  });
});
