import { describe, expect, test } from 'bun:test';
import { captured, idOf, labelFrom } from '../../test/builders.ts';
import { openOperations, type OperationRig } from '../../test/operation-rig.ts';
import { asSessionId } from '../core/ids.ts';

const closed = { kind: 'closed', window: 'five_hour', family: null, overage: false, evidence: 'rejected' } as const;
const hour = 3_600_000;

async function open(): Promise<OperationRig> {
  const rig = await openOperations();
  await rig.add('a', 'b', 'c');
  return rig;
}

describe('pool.next', () => {
  test('names whom a request would use, and goes round', async () => {
    await using rig = await open();
    const seen: unknown[] = [];
    for (let turn = 0; turn < 4; turn += 1) seen.push(await rig.run('pool.next', { pool: 'anthropic' }));
    const of = (account: string, following: string) => ({
      ...{ pool: 'anthropic', until: null, account: `anthropic/${account}`, following: `anthropic/${following}` },
    });
    expect(seen).toEqual([of('a', 'b'), of('b', 'c'), of('c', 'a'), of('a', 'b')]);
  });

  test('passes over accounts that are closed for the model, and says null and until when where nobody is left', async () => {
    await using rig = await open();
    await rig.observe('b', { ...closed, window: 'seven_day_opus', family: 'opus', until: captured + 2 * hour });
    const ask = { pool: 'anthropic', model: 'claude-opus-4-8' };
    expect(await rig.run('pool.next', ask)).toMatchObject({ account: 'anthropic/a', following: 'anthropic/c' });
    for (const label of ['a', 'c']) await rig.observe(label, { ...closed, until: captured + 3 * hour });
    expect(await rig.run('pool.next', ask)).toEqual({
      ...{ pool: 'anthropic', account: null, until: captured + 2 * hour, following: null },
    });
  });
});

describe('pool.rotate', () => {
  test('moves a pool on, and says from where to where', async () => {
    await using rig = await open();
    const moved = { pool: 'anthropic', sessions: 0 };
    expect(await rig.run('pool.rotate', { pool: 'anthropic' })).toEqual({
      ...moved,
      from: 'anthropic/a',
      to: 'anthropic/b',
    });
    expect(await rig.run('pool.rotate', { pool: 'anthropic' })).toEqual({
      ...moved,
      from: 'anthropic/b',
      to: 'anthropic/c',
    });
    expect(await rig.run('pool.explain', { pool: 'anthropic' })).toMatchObject({ account: 'anthropic/c' });
  });

  test('refuses where nobody else is open, and says until when', async () => {
    await using rig = await open();
    for (const label of ['b', 'c']) await rig.observe(label, { ...closed, until: captured + hour });
    await expect(rig.run('pool.rotate', { pool: 'anthropic' })).rejects.toMatchObject({
      code: 'conflict',
      message: 'No account but anthropic/a of pool anthropic is open.',
      hint: 'See why: stint pool explain anthropic',
    });
    await rig.observe('a', { ...closed, until: captured + hour });
    await expect(rig.run('pool.rotate', { pool: 'anthropic' })).rejects.toMatchObject({
      message: 'No account of pool anthropic is open.',
      retryAt: captured + hour,
    });
  });

  test.each([
    [{ strategy: 'priority' }, 'Pool anthropic chooses by priority, and would go back at once.'],
    [{ strategy: 'soonest-reset' }, 'Pool anthropic chooses by soonest-reset, and would go back at once.'],
  ])('refuses where it would not last: %j', async (settings, message) => {
    await using rig = await open();
    await rig.run('pool.set', { pool: 'anthropic', ...settings });
    await expect(rig.run('pool.rotate', { pool: 'anthropic' })).rejects.toMatchObject({ code: 'conflict', message });
  });

  test('refuses a pool that is pinned', async () => {
    await using rig = await open();
    await rig.run('pool.use', { pool: 'anthropic', account: 'a' });
    await expect(rig.run('pool.rotate', { pool: 'anthropic' })).rejects.toMatchObject({
      message: 'Pool anthropic is pinned to anthropic/a.',
      hint: expect.stringContaining('stint pool use anthropic --auto') as string,
    });
  });
});

describe('pool.explain', () => {
  test('says who is skipped, why and until when, as data and in words', async () => {
    await using rig = await open();
    await rig.observe('a', { ...closed, until: captured + 2 * hour });
    await rig.run('account.disable', { account: 'b' });
    const told = await rig.run('pool.explain', { pool: 'anthropic', model: 'claude-opus-4-8', session: 'talk' });
    expect(told).toMatchObject({
      ...{ pool: 'anthropic', model: 'claude-opus-4-8', session: 'talk', kind: 'use', account: 'anthropic/c' },
      ...{ affinity: null, pinned: null, probe: false, until: null, strategy: 'sticky' },
      skipped: [
        { account: 'anthropic/a', reason: 'closed', window: 'five_hour', until: captured + 2 * hour },
        { account: 'anthropic/b', reason: 'disabled', sentence: 'anthropic/b is disabled.' },
      ],
    });
    expect((told as { sentence: string }).sentence).toMatch(
      /^A request for claude-opus-4-8 to pool anthropic would use anthropic\/c\. anthropic\/a is closed \(five_hour\), opens in 2h \(.+\)\. anthropic\/b is disabled\.$/,
    );
  });

  test('repeats what a provider said of an account that waiting does not mend', async () => {
    await using rig = await open();
    const refused = { ...closed, window: 'credits', until: null, evidence: 'Your credit balance\nis too low' };
    await rig.observe('a', refused);
    const told = (await rig.run('pool.explain', { pool: 'anthropic' })) as { sentence: string };
    expect(told.sentence).toContain('a is closed (credits): Your credit balance is too low; it is tried again in 1m (');
  });

  test('tells of nobody, and of the time at which that may end', async () => {
    await using rig = await open();
    await rig.run('limit.set', { all: true, for: '1h' });
    const told = (await rig.run('pool.explain', { pool: 'anthropic' })) as { sentence: string };
    expect(told).toMatchObject({ kind: 'wait', account: null, until: captured + hour });
    expect(told.sentence).toMatch(
      /^Nobody in pool anthropic would serve a request; the first may open in 1h \(.+\)\. anthropic\/a is closed by hand, opens in 1h \(/,
    );
  });

  test('knows the account that a session stays on', async () => {
    await using rig = await open();
    const pool = rig.book.pool('anthropic' as never);
    if (pool === undefined) throw new Error('there is no pool');
    const request = { pool, session: 'talk' as never, model: null };
    await rig.book.begin(request, 'anthropic/b' as never, { probe: false, failover: false });
    rig.book.end('anthropic/b' as never, { probe: false });
    expect(await rig.run('pool.explain', { pool: 'anthropic', session: 'talk' })).toMatchObject({
      account: 'anthropic/b',
      affinity: 'anthropic/b',
      sentence: 'A request to pool anthropic would use anthropic/b, where its session stays.',
    });
    expect(await rig.run('pool.rotate', { pool: 'anthropic' })).toMatchObject({ from: 'anthropic/b', sessions: 1 });
    expect(await rig.run('pool.explain', { pool: 'anthropic', session: 'talk' })).toMatchObject({
      account: 'anthropic/c',
    });
  });
});

describe('the auth reset of a pool', () => {
  test('is set, and cleared by an empty target only', async () => {
    await using rig = await open();
    const set = (input: object) => rig.run('pool.set-auth-reset', { pool: 'anthropic', ...input });
    expect(await set({ target: 'hermes-1' })).toMatchObject({ authResetTarget: 'hermes-1', warning: null });
    await expect(set({})).rejects.toMatchObject({ message: 'target is missing.' });
    await expect(set({ target: '-rf' })).rejects.toMatchObject({ code: 'invalid' });
    expect(await rig.run('pool.show', { pool: 'anthropic' })).toMatchObject({ authResetTarget: 'hermes-1' });
    expect(await rig.run('pool.reset-auth', { pool: 'anthropic' })).toEqual({
      ...{ pool: 'anthropic', target: 'hermes-1', detail: 'ran' },
    });
    expect(await set({ target: '' })).toMatchObject({ authResetTarget: '' });
    await expect(rig.run('pool.reset-auth', { pool: 'anthropic' })).rejects.toMatchObject({
      code: 'conflict',
      hint: 'Set one with: stint pool set-auth-reset anthropic <target>',
    });
  });

  test('says whom a request waits for that is only busy', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    await rig.run('account.set', { account: 'a', maxConcurrent: 1 });
    const pool = rig.book.pool(labelFrom('anthropic'));
    if (pool === undefined) throw new Error('no pool');
    await rig.book.begin({ pool, session: asSessionId('s'), model: null }, idOf('a'), {
      probe: false,
      failover: false,
    });
    const waitsFor = { account: 'anthropic/a', upToMs: 60_000 };
    expect(await rig.run('pool.explain', { pool: 'anthropic' })).toMatchObject({
      ...{ kind: 'wait', account: null, waitsFor },
      sentence: expect.stringContaining('would wait up to 1m for anthropic/a, which has as many requests') as string,
    });
    expect(await rig.run('pool.show', { pool: 'anthropic' })).toMatchObject({ next: [{ kind: 'wait', waitsFor }] });
  });

  test('warns where nothing would ever verify a recovery, until a probe is allowed, and says where none may be', async () => {
    const can = { probe: true, ask: false };
    await using rig = await openOperations({
      authResets: {
        run: () => Promise.resolve({ detail: 'ran' }),
        canVerify: (_, ifProbed) => can.probe && (ifProbed ?? can.ask),
      },
    });
    await rig.add('a');
    const set = () => rig.run('pool.set-auth-reset', { pool: 'anthropic', target: 'x' });
    expect(await set()).toMatchObject({
      warning: expect.stringContaining('stint pool set anthropic --probe') as string,
    });
    await rig.run('pool.set', { pool: 'anthropic', probe: true });
    can.ask = true;
    expect(await set()).toMatchObject({ warning: null });
    can.probe = false;
    expect(await set()).toMatchObject({ warning: expect.stringContaining('a request of the agent') as string });
  });
});
