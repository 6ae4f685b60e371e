import { describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildAccount } from '../../test/builders.ts';
import { openSupervisor, type SupervisorRig } from '../../test/supervisor-rig.ts';
import { declaredAgent } from '../agents/declared.ts';
import { agents } from '../agents/registry.ts';
import { addAccount } from '../book/roster.ts';
import { asAccountId, asAttemptId, asProviderId } from '../core/ids.ts';
import { defaultPoolOf } from '../core/pool/pool.ts';
import { hourMs } from '../core/time.ts';
import type { AccountPort } from '../supervisor/ports.ts';
import { jobAccounts } from './job-accounts.ts';

const own = declaredAgent('own', null, {
  ...{ command: ['own'], model: [], resume: [], models: [], session: '', result: 'x', sessionMissing: '' },
  ...{ limits: [], environment: { PLACE: 'here' } },
});
const attempt = asAttemptId('job1.1');

/** As a daemon opens them, and the one after it. */
function open(rig: SupervisorRig): AccountPort {
  return jobAccounts({
    ...{ book: rig.book, agents, declared: new Map([['own', own]]), holdMs: () => 0 },
    gatewayUrl: () => 'http://127.0.0.1:4610',
    agentFolder: () => Promise.resolve(rig.folder),
    environment: { HOME: join(rig.folder, 'home') },
    lookAfterProfiles: () => Promise.resolve(),
    phantomFile: (id) => join(rig.folder, 'attempts', id, 'phantom'),
  });
}

describe('the phantom of an attempt', () => {
  test('is revoked by a later daemon, and is nowhere on the disk', async () => {
    await using rig = await openSupervisor();
    const pool = defaultPoolOf(asProviderId('anthropic'));
    const { environment } = await open(rig).phantom({ agent: 'claude', pool, attempt, hasTools: false });
    expect(environment['ANTHROPIC_AUTH_TOKEN']).toMatch(/^stint-[\w-]{22}$/);
    expect(readFileSync(join(rig.folder, 'attempts', attempt, 'phantom'), 'utf8')).not.toContain(
      environment['ANTHROPIC_AUTH_TOKEN'] ?? '',
    );
    expect(rig.book.state.phantoms.size).toBe(1);
    // An attempt that a crash kept from being started gets another one.
    await open(rig).phantom({ agent: 'claude', pool, attempt, hasTools: false });
    expect(rig.book.state.phantoms.size).toBe(1);
    await open(rig).revoke(attempt);
    expect(rig.book.state.phantoms.size).toBe(0);
    await open(rig).revoke(attempt);
  });
});

describe('the profile of an attempt', () => {
  const session = '01a1fe96-24ff-7813-9ebf-e72e84fda068';
  const account = asAccountId('openai/x');
  const before = { agent: 'codex', session, account: asAccountId('openai/y') };

  test('holds the conversation that its pool shares, without what only the other account can read', async () => {
    await using rig = await openSupervisor();
    const profile = join(rig.folder, 'x');
    await addAccount(
      rig.book,
      buildAccount('x', { id: account, provider: asProviderId('openai'), credential: 'profile', profile }),
    );
    const accounts = open(rig);
    const ready = () => accounts.profile({ agent: 'codex', account, conversation: before });
    expect(await ready()).toEqual({
      args: ['-c', 'cli_auth_credentials_store="file"'],
      environment: { CODEX_HOME: profile },
      holds: false,
    });
    const file = join(profile, 'sessions', '2026', '11', '21', `rollout-2026-11-21T11-00-00-${session}.jsonl`);
    mkdirSync(dirname(file), { recursive: true });
    const kept = '{"type":"response_item","payload":{"type":"message"}}';
    writeFileSync(file, `${kept}\n{"type":"response_item","payload":{"type":"reasoning","encrypted_content":"x"}}\n`);
    expect(await ready()).toMatchObject({ holds: true });
    expect(readFileSync(file, 'utf8').trim()).toBe(kept);
    expect(await accounts.profile({ agent: 'codex', account, conversation: null })).toMatchObject({ holds: false });
  });

  test('is no place for an agent of the config, nor one that is gone', async () => {
    await using rig = await openSupervisor();
    const wish = { account, conversation: null };
    await expect(open(rig).profile({ ...wish, agent: 'own' })).rejects.toThrow('which own cannot use');
    await expect(open(rig).profile({ ...wish, agent: 'codex' })).rejects.toThrow('has no login directory any more');
  });
});

test('an agent with a login of its own is closed by what its attempts tell, until that ends', async () => {
  await using rig = await openSupervisor();
  const accounts = open(rig);
  const pool = accounts.defaultPool('own');
  const select = () => accounts.select({ pool, session: null, model: null, exclude: [] });
  expect(accounts.modeOf(pool)).toBe('gateway');
  expect(select()).toMatchObject({ kind: 'use' });
  expect(await accounts.phantom({ agent: 'own', pool, attempt, hasTools: false })).toEqual({
    args: [],
    environment: { PLACE: 'here' },
  });
  expect(rig.book.state.phantoms.size).toBe(0);

  const closed = { kind: 'closed', window: 'usage', family: null, overage: false, evidence: 'used up' } as const;
  const own = { agent: 'own', model: null, at: rig.now };
  accounts.concluded(own, { ...closed, until: rig.now + 5000 });
  expect(select()).toMatchObject({ kind: 'wait', until: rig.now + 5000 });
  rig.now += 5000;
  expect(select()).toMatchObject({ kind: 'use' });
  accounts.concluded({ ...own, at: rig.now }, { ...closed, until: null });
  expect(select()).toMatchObject({ kind: 'wait', until: rig.now + hourMs, skipped: [{ estimated: true }] });
  // Another model may have something left, and one that was served is open.
  expect(accounts.select({ pool, session: null, model: 'small', exclude: [] })).toMatchObject({ kind: 'use' });
  accounts.concluded(own, null);
  expect(select()).toMatchObject({ kind: 'use' });
});
