import { describe, expect, test } from 'bun:test';
import { captured } from '../../test/builders.ts';
import { openOperations, secretOf } from '../../test/operation-rig.ts';
import { execute, executeStream, type AnyOperation } from './operation.ts';
import { operations } from './registry.ts';

type Records = {
  records: { id: number; at: number; kind: string; subject: string; outcome: string }[];
  lastId: number;
};

const find = (name: string): AnyOperation => {
  const found = operations.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no operation ${name}`);
  return found;
};

describe('audit.list', () => {
  test('has every change, done or refused, with who made it, and no secret', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    await rig.run('limit.set', { pool: 'anthropic', for: '1h' });
    await rig.run('account.show', { account: 'a' });
    await rig.run('pool.rotate', { pool: 'anthropic' }).catch(() => undefined);
    await rig.run('config.set', { field: 'telegram.token', value: secretOf('typed') }).catch(() => undefined);
    const { records, lastId } = (await rig.run('audit.list')) as Records;
    expect(records.map(({ kind, subject, outcome }) => [kind, subject, outcome])).toEqual([
      ['account.add', 'anthropic/a', 'done'],
      ['limit.set', 'anthropic', 'done'],
      ['pool.rotate', 'anthropic', 'conflict'],
      ['config.set', 'telegram.token', 'not_found'],
    ]);
    expect(records[0]).toMatchObject({ id: 1, at: captured, surface: 'rest', actor: 'test', detail: null });
    expect(lastId).toBe(4);
    expect(JSON.stringify(records)).not.toContain('sk-ant');
  });

  test.each([
    [{ after: 2 }, [3, 4]],
    [{ after: 1, count: 2 }, [2, 3]],
    [{ before: 3 }, [1, 2]],
    [{ count: 1 }, [4]],
    [{ kind: 'limit.' }, [3]],
    [{ subject: 'anthropic/b' }, [2, 4]],
    [{ subject: 'B' }, [2, 4]],
    [{ subject: 'anthropic/*' }, [1, 2, 3, 4]],
    [{ subject: 'anthropic' }, []],
    [{ subject: 'anthropic/%' }, []],
    [{ since: '10m' }, [4]],
    [{ since: captured + 1 }, [4]],
    [{ since: new Date(captured + 3_600_000).toISOString() }, [4]],
    [{ since: '2h' }, [1, 2, 3, 4]],
  ])('with %j shows %j', async (input, ids) => {
    await using rig = await openOperations();
    await rig.add('a', 'b');
    await rig.run('limit.set', { account: 'anthropic/a', for: '1h' });
    rig.now = captured + 3_600_000;
    await rig.run('account.disable', { account: 'anthropic/b' });
    expect(((await rig.run('audit.list', input)) as Records).records.map((each) => each.id)).toEqual(ids);
  });

  test('says what is no time', async () => {
    await using rig = await openOperations();
    await expect(rig.run('audit.list', { since: 'yesterday' })).rejects.toMatchObject({
      code: 'invalid',
      message: '"yesterday" is no time.',
    });
  });
});

describe('event.watch', () => {
  test('tells what happens as it happens, and ends when nobody listens', async () => {
    await using rig = await openOperations();
    await rig.add('a');
    const listening = new AbortController();
    const stream = executeStream(find('event.watch'), {}, { context: rig.context, signal: listening.signal });
    const first = stream.next();
    await rig.run('account.disable', { account: 'a' });
    expect(await first).toMatchObject({
      value: { id: 2, kind: 'account.disable', subject: 'anthropic/a', outcome: 'done' },
    });
    const end = stream.next();
    listening.abort();
    expect(await end).toEqual({ done: true, value: undefined });
  });

  test('begins where an earlier one ended', async () => {
    await using rig = await openOperations();
    await rig.add('a', 'b');
    const listening = new AbortController();
    const { signal } = listening;
    const stream = executeStream(find('event.watch'), { after: 1 }, { context: rig.context, signal });
    expect(await stream.next()).toMatchObject({ value: { id: 2 } });
    listening.abort();
    await stream.return(undefined);
  });

  test('refuses what is no cursor before anything is told', async () => {
    await using rig = await openOperations();
    const { signal } = new AbortController();
    expect(() => executeStream(find('event.watch'), { after: 'x' }, { context: rig.context, signal })).toThrow(
      'after must be a whole number of at least 0.',
    );
  });
});

test.each(operations.filter((each) => each.effect !== 'read').map((each) => each.name))(
  'a token that only reads may not call %s, and that is noted',
  async (name) => {
    await using rig = await openOperations();
    const context = { ...rig.context, caller: { surface: 'rest', actor: 'read-token', scope: 'read' } } as const;
    await expect(execute(find(name), {}, context)).rejects.toMatchObject({ code: 'forbidden' });
    expect(rig.audit).toMatchObject([{ kind: name, actor: 'read-token', subject: '', outcome: 'forbidden' }]);
  },
);
