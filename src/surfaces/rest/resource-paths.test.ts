import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { jobsOf } from '../../../test/job-rig.ts';
import { openRest, type RestRig } from '../../../test/rest-rig.ts';
import { finish, openSupervisor, print, type SupervisorRig } from '../../../test/supervisor-rig.ts';
import { operations } from '../../operations/registry.ts';
import { resourcePaths } from './resource-paths.ts';

let rest: RestRig;
let agents: SupervisorRig;

beforeAll(async () => {
  agents = await openSupervisor();
  rest = await openRest({ jobs: jobsOf(agents) });
  await rest.operations.add('work', 'home', 'spare');
});

afterAll(async () => {
  await rest[Symbol.asyncDispose]();
  await agents[Symbol.asyncDispose]();
});

test('every path runs operations that there are, and none is twice', () => {
  const names = operations.filter((each) => each.hidden?.rest === undefined).map((each) => each.name);
  const used = resourcePaths.flatMap((each) => [each.operation, ...(each.special?.also ?? [])]);
  expect(used.filter((each) => !names.includes(each))).toEqual([]);
  const paths = resourcePaths.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(paths).size).toBe(paths.length);
});

test('what only reads is asked with GET, and nothing else is', () => {
  for (const { method, operation } of resourcePaths.filter((each) => each.method === 'GET')) {
    expect([method, operation, operations.find((each) => each.name === operation)?.effect]).toEqual([
      method,
      operation,
      'read',
    ]);
  }
});

describe('/account-pool', () => {
  test('lists all accounts, and those of a provider by its name or its agent’s', async () => {
    const all = await rest.send('/account-pool');
    expect((all.body['accounts'] as { id: string }[]).map((each) => each.id)).toEqual([
      'anthropic/work',
      'anthropic/home',
      'anthropic/spare',
    ]);
    const byAgent = await rest.send('/account-pool/claude');
    expect(byAgent.body).toEqual((await rest.send('/account-pool/anthropic')).body);
    expect(byAgent.body['summary']).toEqual({ total: 3, available: 3, coolingDown: 0, active: null });
    expect((await rest.send('/account-pool/openai')).status).toBe(404);
    expect((await rest.send('/account-pool/nobody')).status).toBe(400);
  });

  test('takes an account out of the rotation and back, and leaves it where it is', async () => {
    const body = { provider: 'claude', label: 'spare' };
    const removed = await rest.send('/account-pool/remove', { method: 'POST', body });
    expect(removed).toMatchObject({ status: 200, body: { ok: true, state: { summary: { total: 3, available: 2 } } } });
    const added = await rest.send('/account-pool/add', { method: 'POST', body });
    expect(added).toMatchObject({ status: 201, body: { ok: true, state: { summary: { total: 3, available: 3 } } } });
  });

  test('says what is wrong with an account that is not there', async () => {
    const body = { provider: 'anthropic', label: 'nobody' };
    for (const verb of ['add', 'remove', 'clear-cooldown']) {
      expect(await rest.send(`/account-pool/${verb}`, { method: 'POST', body })).toMatchObject({
        status: 404,
        body: { detail: 'There is no account "anthropic/nobody".' },
      });
    }
    const without = await rest.send('/account-pool/add', { method: 'POST', body: { provider: 'anthropic' } });
    expect(without).toMatchObject({ status: 400, body: { detail: 'label is missing.' } });
    const more = await rest.send('/account-pool/next', { method: 'POST', body: { provider: 'anthropic', x: 1 } });
    expect(more).toMatchObject({ status: 400, body: { detail: 'POST /account-pool/next has no field x.' } });
  });

  test('gives the next account each time, and null when nobody is open until somebody is cleared', async () => {
    const next = async () => {
      const { body } = await rest.send('/account-pool/next', { method: 'POST', body: { provider: 'anthropic' } });
      return (body['account'] as { label: string } | null)?.label ?? null;
    };
    expect([await next(), await next(), await next(), await next()]).toEqual(['work', 'home', 'spare', 'work']);
    await rest.send('/api/limits', { method: 'POST', body: { pool: 'anthropic', for: '1h' } });
    expect(await next()).toBeNull();
    const body = { provider: 'anthropic', label: 'home' };
    const cleared = await rest.send('/account-pool/clear-cooldown', { method: 'POST', body });
    expect(cleared.body).toMatchObject({ ok: true, state: { summary: { total: 3, available: 1, coolingDown: 2 } } });
    expect(await next()).toBe('home');
    await rest.send('/api/limits?all=true', { method: 'DELETE' });
  });

  test('acts on a pool of its own where one is named, of that provider only', async () => {
    await rest.send('/api/pools', { method: 'POST', body: { name: 'mine', accounts: ['work'] } });
    const body = { provider: 'anthropic', label: 'home', pool: 'mine' };
    const added = await rest.send('/account-pool/add', { method: 'POST', body });
    expect(added).toMatchObject({ status: 201, body: { state: { summary: { total: 2 } } } });
    const removed = await rest.send('/account-pool/remove', { method: 'POST', body });
    expect(removed).toMatchObject({ status: 200, body: { state: { summary: { total: 1 } } } });
    const last = await rest.send('/account-pool/remove', { method: 'POST', body: { ...body, label: 'work' } });
    expect(last.status).toBe(409);
    const other = await rest.send('/account-pool/openai?pool=mine');
    expect(other).toMatchObject({ status: 404, body: { detail: 'There is no pool "mine" of openai.' } });
    await rest.send('/api/pools/mine', { method: 'DELETE' });
  });
});

describe('/api/models/rate-limits', () => {
  const path = '/api/models/rate-limits';

  test('marks a model on every account, for five minutes when nothing is said', async () => {
    const { status, body } = await rest.send(path, { method: 'POST', body: { model: 'claude-opus-4-8' } });
    expect(status).toBe(201);
    const limits = body['limits'] as { account: string; until: number }[];
    expect(limits.map((each) => each.account)).toHaveLength(3);
    expect(new Set(limits.map((each) => each.until - rest.operations.now))).toEqual(new Set([300_000]));
    expect((await rest.send(path)).body['limits']).toHaveLength(3);
    const cleared = await rest.send(`${path}/claude-opus-4-8`, { method: 'DELETE' });
    expect(cleared.body['cleared']).toHaveLength(3);
    expect((await rest.send(path)).body['limits']).toHaveLength(0);
  });

  test.each([
    [{}, 400, 'model is missing.'],
    [{ model: '' }, 400, 'model is empty.'],
    [{ model: 'opus', cooldownMs: 0 }, 400, 'cooldownMs must be a whole number from 1 to 3024000000.'],
    [{ model: 'opus', cooldownMs: '5' }, 400, 'cooldownMs must be a whole number from 1 to 3024000000.'],
    [{ model: 'opus', minutes: 5 }, 400, 'POST /api/models/rate-limits has no field minutes.'],
    [{ model: 'opus', account: 'nobody' }, 404, 'There is no account "nobody".'],
  ])('refuses %j', async (body, status, detail) => {
    expect(await rest.send(path, { method: 'POST', body })).toMatchObject({ status, body: { detail } });
  });

  test('takes what it clears from the query or the body, and clears nothing that is not named', async () => {
    await rest.send(path, { method: 'POST', body: { model: 'opus', cooldownMs: 60_000, account: 'home' } });
    expect((await rest.send(path, { method: 'DELETE' })).status).toBe(400);
    const both = await rest.send(`${path}?model=opus`, { method: 'DELETE', body: { model: 'opus' } });
    expect(both.body).toMatchObject({ status: 400, detail: 'model is in the query and in the body.' });
    const twice = await rest.send(`${path}/opus?model=sonnet`, { method: 'DELETE' });
    expect(twice.body).toMatchObject({ status: 400, detail: `${path}/{model} has no field model: the path says it.` });
    expect((await rest.send(path)).body['limits']).toHaveLength(1);
    expect((await rest.send(`${path}?model=opus`, { method: 'DELETE' })).body['cleared']).toHaveLength(1);
  });

  test('names fields, not flags, to whoever gives fields', async () => {
    const refused = await rest.send('/api/limits', { method: 'POST', body: { for: '1h' } });
    expect(refused.body['detail']).toBe('Give an account, a pool or a model, or all alone.');
  });

  test('takes a model by its encoded name', async () => {
    await rest.send(path, { method: 'POST', body: { model: 'claude/opus[1m]', account: 'home' } });
    const { body } = await rest.send(`${path}/${encodeURIComponent('claude/opus[1m]')}`, { method: 'DELETE' });
    expect(body['cleared']).toHaveLength(1);
  });
});

describe('/api/pools', () => {
  test('creates, shows, changes and removes', async () => {
    const created = await rest.send('/api/pools', {
      method: 'POST',
      body: { name: 'team', accounts: ['work', 'home'] },
    });
    expect(created).toMatchObject({
      status: 201,
      body: { name: 'team', accounts: ['anthropic/work', 'anthropic/home'] },
    });
    const ownName = await rest.send('/api/pools', { method: 'POST', body: { pool: 'team', accounts: ['work'] } });
    expect(ownName).toMatchObject({ status: 400, body: { hint: 'It is called name here.' } });
    const again = await rest.send('/api/pools', { method: 'POST', body: { name: 'team', accounts: ['work'] } });
    expect(again.status).toBe(409);
    const { warning, ...pool } = created.body as { readonly warning: unknown };
    expect(warning).toBeNull();
    expect((await rest.send('/api/pools/team')).body).toEqual(pool);
    const changed = await rest.send('/api/pools/team', { method: 'PATCH', body: { strategy: 'priority' } });
    expect(changed.body).toEqual({ ...pool, strategy: 'priority' });
    const moved = await rest.send('/api/pools/team/rename', { method: 'POST', body: { name: 'crew' } });
    expect(moved.body).toMatchObject({ name: 'crew' });
    expect((await rest.send('/api/pools/crew', { method: 'DELETE' })).status).toBe(200);
    expect((await rest.send('/api/pools/crew')).status).toBe(404);
  });

  test.each([
    ['nothing', {}, 400, 'target is missing.'],
    ['another field', { target: 'x', more: 1 }, 400, 'pool.set-auth-reset has no field more.'],
    ['a misspelt field', { traget: 'x' }, 400, 'target is missing.'],
    ['null', { target: null }, 400, 'target must be a text.'],
    [
      'the pool',
      { target: 'x', pool: 'anthropic' },
      400,
      '/api/pools/{name}/auth-reset-target has no field pool: the path says it.',
    ],
  ])('keeps its auth-reset target when it is given %s', async (...[, body, status, detail]) => {
    const path = '/api/pools/anthropic/auth-reset-target';
    await rest.send(path, { method: 'PUT', body: { target: 'openai-codex' } });
    expect(await rest.send(path, { method: 'PUT', body })).toMatchObject({ status, body: { detail } });
    expect((await rest.send('/api/pools/anthropic')).body).toMatchObject({ authResetTarget: 'openai-codex' });
  });

  test('clears its auth-reset target only by an empty one', async () => {
    const path = '/api/pools/anthropic/auth-reset-target';
    await rest.send('/api/pools/anthropic', { method: 'PATCH', body: { strategy: 'sticky' } });
    expect((await rest.send('/api/pools/anthropic')).body).toMatchObject({ authResetTarget: 'openai-codex' });
    const cleared = await rest.send(path, { method: 'PUT', body: { target: '' } });
    expect(cleared).toMatchObject({ status: 200, body: { authResetTarget: '' } });
  });

  test('adds, orders, moves and drops members', async () => {
    await rest.send('/api/pools', { method: 'POST', body: { name: 'a', accounts: ['work'] } });
    await rest.send('/api/pools', { method: 'POST', body: { name: 'b', accounts: ['spare'] } });
    const accounts = async (name: string) => (await rest.send(`/api/pools/${name}`)).body['accounts'];
    const added = await rest.send('/api/pools/a/members', { method: 'POST', body: { accounts: ['home'] } });
    expect(added).toMatchObject({ status: 201, body: { accounts: ['anthropic/work', 'anthropic/home'] } });
    await rest.send('/api/pools/a/members', { method: 'PUT', body: { accounts: ['home', 'work'] } });
    expect(await accounts('a')).toEqual(['anthropic/home', 'anthropic/work']);
    await rest.send('/api/pools/a/move', { method: 'POST', body: { account: 'home', to: 'b' } });
    expect([await accounts('a'), await accounts('b')]).toEqual([
      ['anthropic/work'],
      ['anthropic/spare', 'anthropic/home'],
    ]);
    await rest.send('/api/pools/b/members/anthropic/home', { method: 'DELETE' });
    expect(await accounts('b')).toEqual(['anthropic/spare']);
  });

  test('says by GET and POST alike who would serve', async () => {
    const got = await rest.send('/api/pools/anthropic/explain?model=claude-opus-4-8');
    const posted = await rest.send('/api/pools/anthropic/explain', {
      method: 'POST',
      body: { model: 'claude-opus-4-8' },
    });
    expect(got.status).toBe(200);
    expect(posted.body).toEqual(got.body);
  });
});

describe('/api/jobs', () => {
  const wish = { prompt: 'Fix the tests.', directory: '/tmp', scheduleAt: '2099-01-01T00:00:00Z' };

  test('adds, lists, shows, changes and cancels', async () => {
    const added = await rest.send('/api/jobs', { method: 'POST', body: wish });
    expect(added).toMatchObject({ status: 201, body: { state: 'queued', agent: 'claude', title: 'Fix the tests.' } });
    const path = `/api/jobs/${String(added.body['id'])}`;
    const { warnings, ...job } = added.body;
    expect(warnings).toEqual([]);
    expect((await rest.send(path)).body).toEqual(job);
    expect((await rest.send('/api/jobs?state=queued&count=1')).body).toEqual({ jobs: [job] });
    const parked = await rest.send(`${path}/park`, { method: 'POST', body: { reason: 'lunch' } });
    expect(parked.body).toMatchObject({ state: 'parked', why: expect.stringContaining('lunch') as string });
    for (const [verb, status, state] of [
      ['resume', 200, 'queued'],
      ['resume', 409, undefined],
      ['cancel', 200, 'cancelled'],
      ['cancel', 409, undefined],
      ['retry', 200, 'queued'],
    ] as const) {
      const answer = await rest.send(`${path}/${verb}`, { method: 'POST', body: {} });
      expect([verb, answer.status, answer.body['state']]).toEqual([verb, status, state]);
    }
    const asked = await rest.send(`${path}/answer`, { method: 'POST', body: { answer: 'yes' } });
    expect(asked).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await rest.send(path, { method: 'DELETE' })).body).toMatchObject({ state: 'cancelled' });
    expect((await rest.send('/api/jobs/nobody')).status).toBe(404);
  });

  test('gives the same job to a request that is sent again with its key', async () => {
    const body = { ...wish, key: 'nightly 7' };
    const [first, second] = [
      await rest.send('/api/jobs', { method: 'POST', body }),
      await rest.send('/api/jobs', { method: 'POST', body }),
    ];
    expect(second.body['id']).toBe(first.body['id']);
    const other = await rest.send('/api/jobs', { method: 'POST', body: { ...body, directory: '/' } });
    expect(other.status).toBe(409);
  });

  test('takes the environment as an object, and says what is wrong with another', async () => {
    const added = await rest.send('/api/jobs', { method: 'POST', body: { ...wish, environment: { CI: '1' } } });
    expect(added.status).toBe(201);
    expect(JSON.stringify(added.body)).not.toContain('CI');
    const wrong = await rest.send('/api/jobs', { method: 'POST', body: { ...wish, environment: ['CI=1'] } });
    expect(wrong).toMatchObject({
      ...{ status: 400, body: { detail: 'environment must be names, of letters, digits and _, each with a text.' } },
    });
  });

  test('tells what its agents said as events, until there is no more', async () => {
    const job = await agents.add(print({ kind: 'text', text: 'on it' }) + finish('all well'));
    await agents.reaches(job.id, 'done');
    const { body, headers } = await rest.send(`/api/jobs/${job.id}/logs`, { headers: { accept: 'text/event-stream' } });
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(body['text']).toBe(
      'retry: 2000\n\n' +
        'event: text\ndata: {"attempt":1,"kind":"text","text":"on it"}\n\n' +
        'event: result\ndata: {"attempt":1,"kind":"result","text":"all well"}\n\n',
    );
    expect((await rest.send('/api/jobs/nobody/logs')).status).toBe(404);
  });

  test('changes nothing for a token that only reads', async () => {
    expect((await rest.send('/api/jobs', { token: rest.read })).status).toBe(200);
    const refused = await rest.send('/api/jobs', { method: 'POST', body: wish, token: rest.read });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});
