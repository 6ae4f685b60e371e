import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { captured } from '../../test/builders.ts';
import { openOperations, secretOf } from '../../test/operation-rig.ts';
import { execute, operation } from './operation.ts';
import { operations } from './registry.ts';
import { inputFields } from './text-input.ts';

describe('bad input of an operation', () => {
  test.each([
    ['account.show', {}, 'account is missing.', 'It takes: account'],
    ['account.show', undefined, 'account is missing.', 'It takes: account'],
    ['account.show', { account: null }, 'account must be a text.', 'It takes: account'],
    ['account.show', { account: 5 }, 'account must be a text.', 'It takes: account'],
    ['account.show', [], 'account.show takes an object with its fields.', 'It takes: account'],
    ['account.show', 'work', 'account.show takes an object with its fields.', 'It takes: account'],
    ['account.show', { account: 'a', x: 1, y: 2 }, 'account.show has no field x, y.', 'It takes: account'],
    ['account.list', { account: 'a' }, 'account.list has no field account.', 'It takes: nothing'],
    ['session.list', { count: 0 }, 'count must be a whole number from 1 to 10000.', 'It takes: count'],
    ['session.list', { count: 1.5 }, 'count must be a whole number from 1 to 10000.', 'It takes: count'],
    ['session.list', { count: '7' }, 'count must be a whole number from 1 to 10000.', 'It takes: count'],
    ['log.read', { cursor: -1 }, 'cursor must be a whole number of at least 0.', 'It takes: lines, cursor'],
    ['pool.use', { pool: 'a', auto: 'yes' }, 'auto must be true or false.', 'It takes: pool, account, auto'],
  ])('%s with %j says: %s', async (...[name, input, message, hint]) => {
    await using rig = await openOperations();
    await expect(rig.run(name, input)).rejects.toMatchObject({ name: 'Problem', code: 'invalid', message, hint });
  });

  test.each([
    [{ accounts: 'a' }, 'accounts must be a list of texts.'],
    [{ accounts: ['a', 3] }, 'accounts must be a list of texts.'],
    [{ accounts: ['a'], strategy: 'best' }, 'strategy must be one of: sticky, round-robin, priority, soonest-reset.'],
    [{ accounts: ['a'], overage: true }, 'overage must be one of: forbid, allow, last.'],
  ])('pool.create with %j says: %s', async (input, message) => {
    await using rig = await openOperations();
    await expect(rig.run('pool.create', { pool: 'p', ...input })).rejects.toMatchObject({ code: 'invalid', message });
  });

  test.each(operations.map((each) => each.name))('never speaks in the words of the validator in %s', async (name) => {
    await using rig = await openOperations();
    const inputs = [7, [], { nope: 1 }, ...wrongValues(name)];
    for (const input of inputs) {
      const { message } = await problemOf(rig.run(name, input));
      expect(message).toMatch(/^[^\n]+\.$/);
      expect(message).not.toMatch(/invalid input|expected|received|undefined|too small|NaN/i);
    }
  });

  test('is repeated neither in the sentence nor in its hint', async () => {
    await using rig = await openOperations();
    const secret = secretOf('leak');
    const { message, hint } = await problemOf(
      rig.run('account.add', { provider: 'anthropic', label: 'a', secret: [secret] }),
    );
    expect(`${message} ${hint}`).not.toContain(secret);
  });
});

describe('a run of an operation', () => {
  test('that changes something is noted, without its secret', async () => {
    await using rig = await openOperations();
    await rig.add('Work');
    await rig.run('account.disable', { account: 'work' });
    expect(rig.audit).toEqual([
      { kind: 'account.add', subject: 'anthropic/work', ...byTest },
      { kind: 'account.disable', subject: 'anthropic/work', ...byTest },
    ]);
  });

  test.each([
    ['account.show', { account: 'a' }, null],
    ['account.disable', { account: ' A ' }, { subject: 'anthropic/a', detail: null }],
    ['account.remove', { account: 'a' }, { subject: 'anthropic/a', detail: null }],
    ['account.rename', { account: 'a', label: 'My Label' }, { subject: 'anthropic/a', detail: 'my-label' }],
    ['account.add', { provider: 'anthropic', label: '../a' }, { subject: 'anthropic/../a', detail: null }],
    [
      'pool.create',
      { pool: 'My Pool', accounts: ['a', 'b'] },
      { subject: 'my-pool', detail: 'anthropic/a anthropic/b' },
    ],
    ['pool.add', { pool: 'OWN', accounts: ['b'] }, { subject: 'own', detail: 'anthropic/b' }],
    ['pool.use', { pool: 'own', account: 'a' }, { subject: 'own', detail: 'anthropic/a' }],
    ['pool.use', { pool: 'own', auto: true }, { subject: 'own', detail: 'auto' }],
    ['pool.drop', { pool: 'none', account: 'nobody' }, { subject: 'none', detail: 'nobody' }],
    [
      'pool.move',
      { account: 'a', from: 'own', to: 'anthropic' },
      { subject: 'anthropic/a', detail: 'from own to anthropic' },
    ],
    [
      'limit.set',
      { account: 'a', model: 'opus', for: '2h' },
      { subject: 'anthropic/a', detail: 'operator, opus, for 2h' },
    ],
    [
      'limit.set',
      { pool: 'own', until: captured + 1 },
      {
        subject: 'own',
        detail: `all of the pool, operator, all models, until ${new Date(captured + 1).toISOString()}`,
      },
    ],
    ['limit.clear', { all: true }, { subject: 'all accounts', detail: 'all windows, all models' }],
  ])('that is %s of %j is noted by the name of what it acted on, and how', async (name, input, about) => {
    await using rig = await openOperations();
    await rig.add('a', 'b');
    await rig.run('pool.create', { pool: 'own', accounts: ['a'] });
    await rig.run(name, input).catch(() => undefined);
    const last = rig.audit.slice(3).at(-1);
    expect(last === undefined ? null : { subject: last.subject, detail: last.detail }).toEqual(about);
  });

  test.each([
    ['SQLITE_FULL', 'The disk is full: nothing was changed.'],
    ['ENOSPC', 'The disk is full: nothing was changed.'],
    ['EROFS', 'The disk cannot be written to: nothing was changed.'],
    ['SQLITE_READONLY_DBMOVED', 'The disk cannot be written to: nothing was changed.'],
    ['SQLITE_IOERR_WRITE', 'The disk has failed: nothing was changed.'],
  ])('that ends in %s is no bug, and is noted', async (code, message) => {
    await using rig = await openOperations();
    await rig.add('a');
    const failing = { ...rig.context.accounts, save: () => Promise.reject(Object.assign(new Error('disk'), { code })) };
    const target = operations.find((each) => each.name === 'account.disable');
    if (target === undefined) throw new Error('there is no account.disable');
    const context = { ...rig.context, accounts: failing };
    await expect(execute(target, { account: 'a' }, context)).rejects.toMatchObject({ code: 'unavailable', message });
    expect(rig.audit.at(-1)).toMatchObject({ subject: 'anthropic/a', outcome: 'unavailable' });
  });

  test('that only reads is not', async () => {
    await using rig = await openOperations();
    await rig.run('account.list');
    expect(rig.audit).toEqual([]);
  });

  test('that was refused is noted with the reason', async () => {
    await using rig = await openOperations();
    await problemOf(rig.run('account.disable', { account: 'nobody' }));
    expect(rig.audit).toEqual([{ kind: 'account.disable', subject: 'nobody', ...byTest, outcome: 'not_found' }]);
  });

  test('gives nothing that its output does not declare', async () => {
    await using rig = await openOperations();
    const chatty = operation({
      name: 'test.chatty',
      summary: 'Says too much',
      effect: 'read',
      positional: [],
      input: z.object({}),
      output: z.object({ id: z.string() }),
      run: () => ({ id: 'a', secret: 'b' }),
    });
    expect(await execute(chatty, {}, rig.context)).toEqual({ id: 'a' });
  });
});

const byTest = { surface: 'rest', actor: 'test', outcome: 'done', detail: null } as const;

function wrongValues(name: string): object[] {
  const shape = operations.find((each) => each.name === name)?.input.shape ?? {};
  return Object.keys(shape).flatMap((field) => [{ [field]: { deep: 1 } }, { [field]: null }]);
}

async function problemOf(run: Promise<unknown>): Promise<{ message: string; hint: string }> {
  const outcome = await run.then(
    (output) => ({ message: `it ran: ${JSON.stringify(output)}`, hint: '' }),
    (error: unknown) => error as { message: string; hint: string },
  );
  return outcome;
}

test('every precheck only reads, and takes all that its operation takes but the secret', () => {
  const checked = operations.filter((each) => each.precheck !== undefined);
  expect(checked.map((each) => each.name)).toContain('account.add');
  for (const each of checked) {
    const precheck = operations.find(({ name }) => name === each.precheck);
    expect(precheck?.effect).toBe('read');
    const taken = Object.entries(inputFields(each).fields).filter(([, field]) => field.secret !== true);
    expect(Object.keys(precheck === undefined ? {} : inputFields(precheck).fields)).toEqual(
      expect.arrayContaining(taken.map(([name]) => name)),
    );
  }
});
