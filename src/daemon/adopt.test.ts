// A login that changes between being found and being taken: its CLI renews it, writes others, or logs out.
import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAccount, idOf } from '../../test/builders.ts';
import { openOperations, secretOf, type OperationRig } from '../../test/operation-rig.ts';
import { anthropic } from '../providers/anthropic/anthropic.ts';
import { openVault } from '../vault/open-vault.ts';
import { adoptLogin, findLogin } from './adopt.ts';

const account = buildAccount('work', { credential: 'login' });
const textOf = (name: string, others: object = {}): string =>
  JSON.stringify({
    ...others,
    claudeAiOauth: { accessToken: `sk-ant-oat01-test-${name}`, refreshToken: `sk-ant-ort01-test-${name}` },
  });

/** A directory of Claude Code with this login, as it was found. */
async function found(rig: OperationRig) {
  const folder = join(rig.folder, 'claude');
  const path = join(folder, '.credentials.json');
  mkdirSync(folder);
  writeFileSync(path, textOf('first'));
  return { path, moving: `${path}.moving-to-stint`, login: await findLogin(anthropic, folder) };
}

describe('a login that its CLI renewed before it was taken', () => {
  test.each([false, true])('is moved as it is by then (replace: %p)', async (replace) => {
    await using rig = await openOperations();
    if (replace) await rig.add('work');
    const { path, moving, login } = await found(rig);
    const mcpOAuth = { server: { accessToken: 'mcp-test-token' } };
    writeFileSync(path, textOf('second', { mcpOAuth }));
    expect(await adoptLogin(rig, account, login)).toBeNull();
    for (const vault of [rig.vault, await openVault(join(rig.folder, 'vault.json'))]) {
      expect(vault.read(idOf('work'))).toContain('sk-ant-ort01-test-second');
    }
    expect([JSON.parse(readFileSync(path, 'utf8')), existsSync(moving)]).toEqual([{ mcpOAuth }, false]);
  });

  test.each([false, true])('stays where it is when it is none any more (replace: %p)', async (replace) => {
    await using rig = await openOperations();
    if (replace) await rig.add('work');
    const { path, moving, login } = await found(rig);
    writeFileSync(path, '{}');
    await expect(adoptLogin(rig, account, login)).rejects.toThrow('holds no login');
    expect([readFileSync(path, 'utf8'), existsSync(moving)]).toEqual(['{}', false]);
    expect(rig.vault.read(idOf('work'))).toBe(replace ? secretOf('work') : undefined);
  });
});
