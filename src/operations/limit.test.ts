import { describe, expect, test } from 'bun:test';
import { captured, idOf } from '../../test/builders.ts';
import { openOperations, type OperationRig } from '../../test/operation-rig.ts';

const minute = 60_000;
const hour = 60 * minute;
const closed = { kind: 'closed', family: null, overage: false, evidence: 'rejected' } as const;
type Limits = { limits: { account: string; window: string; family: string | null; until: number; source: string }[] };

async function open(...labels: string[]): Promise<OperationRig> {
  const rig = await openOperations();
  await rig.add(...labels);
  return rig;
}

const listed = async (rig: OperationRig, input: object = {}) =>
  ((await rig.run('limit.list', input)) as Limits).limits.map(
    ({ account, window, family }) => `${account} ${window} ${family ?? '*'}`,
  );
const nextOf = async (rig: OperationRig, model = 'claude-opus-4-8') =>
  (await rig.run('pool.explain', { pool: 'anthropic', model })) as { account: string | null; until: number | null };

describe('limit.set', () => {
  test.each([
    [{ for: '90s' }, 90_000],
    [{ for: '2h30m' }, 2.5 * hour],
    [{ for: '1d' }, 24 * hour],
    [{ until: captured + hour }, hour],
    [{ until: String(captured + hour) }, hour],
    [{ until: new Date(captured + hour).toISOString() }, hour],
    [{ for: '35d' }, 35 * 24 * hour],
  ])('closes an account with %j', async (end, cooldownMs) => {
    await using rig = await open('a', 'b');
    expect(await rig.run('limit.set', { account: 'a', ...end })).toEqual({
      limits: [
        {
          ...{ account: 'anthropic/a', window: 'operator', family: null, overage: false, source: 'operator' },
          ...{ until: captured + cooldownMs, observedAt: captured, evidence: 'set by hand' },
        },
      ],
    });
    expect(await nextOf(rig)).toMatchObject({ account: 'anthropic/b' });
    rig.now = captured + cooldownMs;
    expect(await listed(rig)).toEqual([]);
  });

  test.each([
    [{}, 'Give either a time (until) or a duration (for).'],
    [{ for: '1h', until: captured + hour }, 'Give either a time (until) or a duration (for).'],
    [{ for: 'soon' }, '"soon" is no duration.'],
    [{ for: '' }, '"" is no duration.'],
    [{ until: 'tomorrow' }, '"tomorrow" is no time.'],
    [{ until: '' }, '"" is no time.'],
    [{ until: captured }, 'The limit must end in the future.'],
    [{ for: '0s' }, 'The limit must end in the future.'],
    [{ for: '35d1s' }, 'A limit lasts at most 35d.'],
    [{ for: '1h', window: ' ' }, 'window is empty.'],
    [{ for: '1h', window: 'x'.repeat(101) }, 'window must be a text of at most 100 characters.'],
  ])('refuses %j, and closes nothing', async (input, message) => {
    await using rig = await open('a');
    await expect(rig.run('limit.set', { account: 'a', ...input })).rejects.toMatchObject({ code: 'invalid', message });
    expect(await listed(rig)).toEqual([]);
  });

  test('closes one model or family, and no other', async () => {
    await using rig = await open('a', 'b');
    await rig.run('limit.set', { account: 'a', model: 'opus', for: '1h' });
    expect(await nextOf(rig)).toMatchObject({ account: 'anthropic/b' });
    expect(await nextOf(rig, 'claude-sonnet-4-5')).toMatchObject({ account: 'anthropic/a' });
  });

  test('closes the accounts of a pool, and every one where all is said', async () => {
    await using rig = await open('a', 'b', 'c');
    await rig.run('pool.create', { pool: 'own', accounts: ['a', 'c'] });
    await rig.run('limit.set', { pool: 'own', for: '1h' });
    expect(await listed(rig)).toEqual(['anthropic/a operator *', 'anthropic/c operator *']);
    await rig.run('limit.set', { all: true, window: 'seven_day', for: '1m' });
    expect(await listed(rig)).toHaveLength(5);
    await expect(rig.run('limit.set', { account: 'b', pool: 'own', for: '1h' })).rejects.toMatchObject({
      code: 'conflict',
      hint: 'It has: anthropic/a, anthropic/c',
    });
  });

  test('needs an account', async () => {
    await using rig = await openOperations();
    await expect(rig.run('limit.set', { all: true, for: '1h' })).rejects.toMatchObject({ code: 'not_found' });
  });

  test.each([{}, { window: 'five_hour' }, { all: true, account: 'a' }, { all: true, model: 'opus' }])(
    'closes nothing by %j: whoever means every account says so, alone',
    async (input) => {
      await using rig = await open('a', 'b');
      await expect(rig.run('limit.set', { for: '1h', ...input })).rejects.toMatchObject({
        code: 'invalid',
        message: 'Give an account, a pool or a model, or --all alone.',
      });
      expect(await listed(rig)).toEqual([]);
    },
  );

  test('closes a model on every account, in lower case', async () => {
    await using rig = await open('a', 'b');
    await rig.run('limit.set', { model: ' Opus ', for: '1h' });
    expect(await listed(rig)).toEqual(['anthropic/a operator opus', 'anthropic/b operator opus']);
  });

  test.each([
    ['x y;rm', 'model must be a model or a model family, such as claude-opus-4-8 or opus.'],
    ['opüs', 'model must be a model or a model family, such as claude-opus-4-8 or opus.'],
    ['', 'model is empty.'],
    ['x'.repeat(101), 'model must be a text of at most 100 characters.'],
  ])('takes no model %j, nor do limit.list and limit.clear', async (model, message) => {
    await using rig = await open('a');
    const refused = { code: 'invalid', message };
    await expect(rig.run('limit.set', { account: 'a', model, for: '1h' })).rejects.toMatchObject(refused);
    await expect(rig.run('limit.clear', { model })).rejects.toMatchObject(refused);
    await expect(rig.run('limit.list', { model })).rejects.toMatchObject(refused);
  });

  test('is the last word until its time, whatever an answer or the usage endpoint says', async () => {
    await using rig = await open('a');
    await rig.observe('a', { ...closed, window: 'five_hour', until: captured + 5 * hour });
    await rig.run('limit.set', { account: 'a', window: 'five_hour', for: '1h' });
    rig.now = captured + minute;
    await rig.observe('a', { kind: 'open', window: 'five_hour', family: null });
    await rig.observe('a', { ...closed, window: 'five_hour', until: captured + 9 * hour });
    const served = { account: idOf('a'), model: 'claude-opus-4-8', sentAt: rig.now, signals: [], served: true };
    await rig.book.observe(served);
    expect(await rig.run('limit.list')).toMatchObject({ limits: [{ source: 'operator', until: captured + hour }] });
    rig.now = captured + hour;
    expect(await nextOf(rig)).toMatchObject({ account: 'anthropic/a' });
  });

  test('exhausts a pool that it closes, until a request is served after it or it is cleared', async () => {
    await using rig = await open('a');
    await rig.run('limit.set', { all: true, for: '1h' });
    const exhausted = async () =>
      ((await rig.run('pool.show', { pool: 'anthropic' })) as { exhausted: unknown }).exhausted;
    const since = captured;
    expect(await exhausted()).toEqual([{ family: null, since, state: 'exhausted', nextTryAt: captured + hour }]);
    rig.now = captured + hour;
    expect(await exhausted()).toEqual([{ family: null, since, state: 'retrying', nextTryAt: null }]);
    await rig.book.observe({ account: idOf('a'), model: null, sentAt: rig.now, signals: [], served: true });
    expect(await exhausted()).toEqual([]);
    for (const clear of ['limit.clear', 'account.clear']) {
      await rig.run('limit.set', { all: true, for: '1h' });
      expect(await exhausted()).toHaveLength(1);
      await rig.run(clear, { account: 'a' });
      expect(await exhausted()).toEqual([]);
    }
  });
});

describe('limit.list', () => {
  test('shows what closes something now, of what is asked for', async () => {
    await using rig = await open('a', 'b');
    await rig.run('pool.create', { pool: 'own', accounts: ['b'] });
    await rig.observe('a', { ...closed, window: 'five_hour', until: captured + 2 * hour });
    await rig.observe('b', { ...closed, window: 'seven_day_opus', family: 'opus', until: captured + hour });
    const [a, b] = ['anthropic/a five_hour *', 'anthropic/b seven_day_opus opus'];
    expect(await listed(rig)).toEqual([b, a]);
    expect(await listed(rig, { account: 'a' })).toEqual([a]);
    expect(await listed(rig, { pool: 'own' })).toEqual([b]);
    expect(await listed(rig, { model: 'claude-sonnet-4-5' })).toEqual([a]);
    expect(await listed(rig, { model: 'claude-opus-4-8' })).toEqual([b, a]);
  });
});

describe('limit.clear', () => {
  async function limited() {
    const rig = await open('a', 'b');
    for (const label of ['a', 'b']) {
      await rig.observe(label, { ...closed, window: 'five_hour', until: captured + hour });
      await rig.observe(label, { ...closed, window: 'seven_day_opus', family: 'opus', until: captured + hour });
    }
    return rig;
  }

  test.each([
    [{ account: 'a' }, ['anthropic/b five_hour *', 'anthropic/b seven_day_opus opus']],
    [{ account: 'a', window: 'five_hour' }, ['a seven_day_opus opus', 'b five_hour *', 'b seven_day_opus opus']],
    [{ model: 'claude-opus-4-8' }, ['a five_hour *', 'b five_hour *']],
    [{ model: 'opus' }, ['a five_hour *', 'b five_hour *']],
    [{ window: 'five_hour' }, ['a seven_day_opus opus', 'b seven_day_opus opus']],
    [{ pool: 'anthropic' }, []],
    [{ all: true }, []],
    [{ window: 'nothing' }, ['a five_hour *', 'a seven_day_opus opus', 'b five_hour *', 'b seven_day_opus opus']],
  ])('with %j leaves %j', async (input, left) => {
    await using rig = await limited();
    const { cleared } = (await rig.run('limit.clear', input)) as { cleared: unknown[] };
    expect(cleared).toHaveLength(4 - left.length);
    expect((await listed(rig)).toSorted()).toEqual(
      left.map((each) => (each.startsWith('anthropic/') ? each : `anthropic/${each}`)),
    );
  });

  test.each([{}, { all: false }, { all: true, account: 'a' }])('refuses %j', async (input) => {
    await using rig = await limited();
    await expect(rig.run('limit.clear', input)).rejects.toMatchObject({ code: 'invalid' });
    expect(await listed(rig)).toHaveLength(4);
  });

  test('is not undone by an answer that was under way', async () => {
    await using rig = await limited();
    await rig.run('limit.clear', { account: 'a' });
    await rig.observe('a', { ...closed, window: 'five_hour', until: captured + hour });
    expect(await listed(rig, { account: 'a' })).toEqual([]);
    rig.now = captured + minute;
    await rig.observe('a', { ...closed, window: 'five_hour', until: captured + hour });
    expect(await listed(rig, { account: 'a' })).toEqual(['anthropic/a five_hour *']);
  });

  test('opens those that share the quota, but for what an operator has closed there', async () => {
    await using rig = await open('a', 'b');
    for (const label of ['a', 'b']) await rig.run('account.set', { account: label, project: 'shared' });
    rig.now = captured + minute;
    await rig.observe('a', { ...closed, window: 'requests', until: captured + hour });
    await rig.run('limit.set', { account: 'b', for: '1h' });
    expect(await listed(rig, { account: 'a' })).toEqual(['anthropic/a requests *']);
    await rig.run('limit.clear', { account: 'a' });
    expect(await listed(rig)).toEqual(['anthropic/b operator *']);
    await rig.run('account.clear', { account: 'a' });
    expect(await listed(rig)).toEqual(['anthropic/b operator *']);
  });
});
