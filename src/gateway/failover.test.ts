import { beforeAll, describe, expect, test } from 'bun:test';
import { idOf } from '../../test/builders.ts';
import { errorOf, eventsOf, listenHttp, readAll, startRig, type Rig } from '../../test/gateway-rig.ts';
import { saveAccount } from '../book/roster.ts';
import type { FaultInput } from '../simulator/anthropic/fault.ts';

describe('a fault before content', () => {
  const rows: [string, FaultInput, string[]][] = [
    ['a five-hour limit moves on at once', { kind: 'five_hour' }, ['a', 'b']],
    ['a weekly limit moves on at once', { kind: 'seven_day' }, ['a', 'b']],
    ['a per-minute limit moves on at once', { kind: 'org_rate_limit' }, ['a', 'b']],
    ['a 429 with nothing but Retry-After moves on', { kind: 'retry_after_only' }, ['a', 'b']],
    ['a bare 429 is tried again on the same account', { kind: 'throttle' }, ['a', 'a']],
    ['one 529 is tried again on the same account', { kind: 'overloaded' }, ['a', 'a']],
    ['two 529 hop', { kind: 'overloaded', times: 2 }, ['a', 'a', 'b']],
    ['two 503 hop', { kind: 'unavailable', times: 2 }, ['a', 'a', 'b']],
    ['two 500 hop', { kind: 'internal', times: 2 }, ['a', 'a', 'b']],
    ['two pages of a proxy in between hop', { kind: 'bad_gateway_html', times: 2 }, ['a', 'a', 'b']],
    ['a cut connection is tried again on the same account', { kind: 'cut_before_head' }, ['a', 'a']],
    ['two cut connections hop', { kind: 'cut_before_head', cut: 'reset', times: 2 }, ['a', 'a', 'b']],
    ['a refused token moves on at once', { kind: 'invalid_bearer' }, ['a', 'b']],
    ['an expired token moves on at once', { kind: 'expired_token' }, ['a', 'b']],
    ['a revoked token moves on at once', { kind: 'revoked' }, ['a', 'b']],
    ['missing money moves on at once', { kind: 'low_credit' }, ['a', 'b']],
    ['a model that the account may not use moves on at once', { kind: 'model_not_found' }, ['a', 'b']],
    ['missing credits for long contexts move on', { kind: 'credits_required' }, ['a', 'b']],
  ];
  const seen = new Map<string, Awaited<ReturnType<typeof playFault>>[]>();

  // All at once: most of the time goes into the pause before a second send.
  beforeAll(async () => {
    await Promise.all(
      rows.map(async ([name, fault]) =>
        seen.set(name, await Promise.all([playFault(fault, false), playFault(fault, true)])),
      ),
    );
  }, 30_000);

  test.each(rows)('%s', (...[name, , sends]) => {
    const account = sends.at(-1);
    const served = { status: 200, broken: false, sends, account: `anthropic/${account}`, tries: String(sends.length) };
    expect(seen.get(name)).toEqual([
      { ...served, text: expect.stringContaining(`as ${account}. I remember`) },
      { ...served, text: expect.stringContaining('"message_stop"') },
    ]);
  });

  test.each<[NonNullable<FaultInput['errorType']>, (string | null)[], object[]]>([
    ['overloaded_error', ['a', 'a'], []],
    ['api_error', ['a', 'a'], []],
    ['rate_limit_error', ['a', 'b'], [{ kind: 'closed', limit: { account: 'anthropic/a', window: 'minute' } }]],
    ['authentication_error', ['a', 'b'], [{ kind: 'needs-login', account: 'anthropic/a' }]],
  ])('an error event %s inside 200 is never seen by the client', async (errorType, sends, events) => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'error_event_before_content', errorType, afterPing: true });
    const { text } = await readAll(await rig.ask({ stream: true }));
    expect(eventsOf(text)).not.toContain('error');
    expect(eventsOf(text).filter((name) => name === 'message_start')).toHaveLength(1);
    expect(eventsOf(text).at(-1)).toBe('message_stop');
    expect(rig.sends()).toEqual(sends);
    expect(rig.events).toMatchObject(events);
  });

  test('a whole answer that is cut in the middle is fetched again', async () => {
    const play = async (framing: 'content-length' | 'chunked') => {
      await using rig = await startRig();
      rig.simulator.inject({ kind: 'truncated_json', framing });
      const response = await rig.ask();
      expect(await response.json()).toMatchObject({ type: 'message' });
      expect(rig.sends()).toEqual(['a', 'a']);
    };
    await Promise.all([play('content-length'), play('chunked')]);
  });

  test('an error inside 200 of an answer in one piece is fetched again', async () => {
    let answers = 0;
    await using upstream = await listenHttp((_, response) => {
      answers += 1;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(answers === 1 ? overloadedJson : '{"type":"message"}');
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    expect(await (await rig.ask()).json()).toEqual({ type: 'message' });
    expect(rig.records).toMatchObject([{ tries: [{ outcome: 'overload' }, { outcome: 'served' }] }]);
  });

  test.each([
    ['a page', 'text/html', '<!doctype html><title>Sign in</title>'],
    ['nothing', 'application/json', ''],
    ['garbage', 'application/json', '\u0000}{"\u0007data: <<<'],
    ['an object with nothing in it', 'application/json', ' { } '],
    ['nothing as events', 'text/event-stream', ''],
  ])(
    '%s in place of a message is asked for again, and told as a failure that the client retries',
    async (...[, type, body]) => {
      let answers = 0;
      await using upstream = await listenHttp((_, response) => {
        answers += 1;
        response.writeHead(200, { 'content-type': type });
        response.end(body);
      });
      await using rig = await startRig({ upstreamUrl: upstream.url });
      const response = await rig.ask({ stream: true });
      expect([response.status, (await errorOf(response)).type, answers]).toEqual([502, 'api_error', 3]);
      expect(rig.records).toMatchObject([
        { tries: [{ account: 'anthropic/a' }, { account: 'anthropic/a' }, { account: 'anthropic/b' }] },
      ]);
    },
  );

  test('a message after a long run of white space is one', async () => {
    const body = `${'\n'.repeat(300)}{"type":"message"}`;
    await using upstream = await listenHttp((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(body);
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    expect(await (await rig.ask()).text()).toBe(body);
    expect(rig.records).toMatchObject([{ outcome: 'served', tries: [{ outcome: 'served' }] }]);
  });

  test('a stream that ends before content is fetched again', async () => {
    const play = async (kind: 'clean_end_mid' | 'cut_mid') => {
      await using rig = await startRig();
      rig.simulator.inject({ kind, afterDeltas: 0 });
      const { text, broken } = await readAll(await rig.ask({ stream: true }));
      expect({ last: eventsOf(text).at(-1), broken }).toEqual({ last: 'message_stop', broken: false });
      expect(rig.sends()).toEqual(['a', 'a']);
    };
    await Promise.all([play('clean_end_mid'), play('cut_mid')]);
  });
});

describe('the bounds on sends', () => {
  test('an overloaded provider gets three sends, and the client its answer', async () => {
    await using rig = await startRig({ accounts: ['a', 'b', 'c', 'd'] });
    rig.simulator.inject({ kind: 'overloaded', times: 'always' });
    const response = await rig.ask();
    expect(response.status).toBe(529);
    expect(await errorOf(response)).toMatchObject({ type: 'overloaded_error', message: 'Overloaded' });
    expect(rig.sends()).toEqual(['a', 'a', 'b']);
    expect([...rig.book.state.accounts.values()].every(({ limits }) => limits.size === 0)).toBe(true);
  });

  test('an unreachable provider gets three sends, and the client 502', async () => {
    await using rig = await startRig({ accounts: ['a', 'b', 'c'] });
    rig.simulator.inject({ kind: 'cut_before_head', times: 'always' });
    const response = await rig.ask();
    expect(response.status).toBe(502);
    expect((await errorOf(response)).message).toStartWith('Stint: anthropic/b could not be reached');
    expect(rig.sends()).toEqual(['a', 'a', 'b']);
  });

  test.each<[string, FaultInput, number]>([
    ['closed', { kind: 'five_hour', resetInSeconds: 200 }, 0],
    ['closed for less than a hold', { kind: 'five_hour', resetInSeconds: 200 }, 240_000],
    ['logged out', { kind: 'invalid_bearer' }, 0],
  ])('an overloaded account is not called %s because the other one is', async (...[, fault, holdMs]) => {
    await using rig = await startRig({ holdMs });
    rig.simulator.inject({ kind: 'overloaded', credential: 'a', times: 2 });
    rig.simulator.inject({ ...fault, credential: 'b' });
    const response = await rig.ask();
    expect(response.status).toBe(529);
    expect(response.headers.get('retry-after')).toBeNull();
    expect(response.headers.get('stint-account')).toBe('anthropic/a');
    expect(rig.sends()).toEqual(['a', 'a', 'b']);
    expect((await rig.ask()).status).toBe(200);
  });

  test('an account that could not be reached is named, and not the closed one after it', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'cut_before_head', credential: 'a', times: 2 });
    rig.simulator.inject({ kind: 'five_hour', credential: 'b' });
    const response = await rig.ask();
    expect(response.status).toBe(502);
    expect((await errorOf(response)).message).toStartWith('Stint: anthropic/a could not be reached');
  });

  test('a bare 429 that stays is delivered after two sends and blames nobody', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'throttle', times: 'always' });
    expect((await rig.ask()).status).toBe(429);
    expect(rig.sends()).toEqual(['a', 'a']);
    expect(rig.book.state.accounts.get('anthropic/a' as never)?.limits.size).toBe(0);
  });

  test('mixed faults never get more than two sends on one account and two more than accounts', async () => {
    await using rig = await startRig({ accounts: ['a', 'b', 'c'] });
    rig.simulator.inject({ kind: 'overloaded', credential: 'a' });
    rig.simulator.inject({ kind: 'five_hour', credential: 'a' });
    rig.simulator.inject({ kind: 'cut_before_head', credential: 'b' });
    rig.simulator.inject({ kind: 'invalid_bearer', credential: 'b' });
    rig.simulator.inject({ kind: 'overloaded', credential: 'c', times: 'always' });
    const response = await rig.ask();
    expect(response.status).toBe(529);
    expect(rig.sends()).toEqual(['a', 'a', 'b', 'b', 'c']);
  });

  test.each(['invalid_request', 'too_large', 'invalid_thinking_signature'] as const)(
    '%s is delivered as it is and never rotates',
    async (kind) => {
      await using rig = await startRig();
      rig.simulator.inject({ kind });
      const response = await rig.ask();
      expect(response.status).toBe(kind === 'too_large' ? 413 : 400);
      expect(rig.sends()).toEqual(['a']);
    },
  );
});

describe('what a fault closes', () => {
  test('a limit on Opus closes Opus alone', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'seven_day_opus' });
    for (const model of ['claude-opus-4-8', 'claude-opus-4-8', 'claude-sonnet-4-5']) await rig.ask({ model });
    expect(limitsOf(rig, 'a')).toEqual([{ window: 'seven_day_opus', family: 'opus' }]);
    await saveAccount(rig.book, { ...accountOf(rig, 'b'), standing: 'disabled' });
    expect((await rig.ask({ model: 'claude-opus-4-8' })).status).toBe(429);
    expect((await rig.ask({ model: 'claude-sonnet-4-5' })).headers.get('stint-account')).toBe('anthropic/a');
  });

  test('a refused token needs a login and is not asked again', async () => {
    await using rig = await startRig();
    rig.simulator.changeCredential('a', { revoked: true });
    for (let turn = 0; turn < 3; turn += 1) expect((await rig.ask()).status).toBe(200);
    expect(rig.sends()).toEqual(['a', 'b', 'b', 'b']);
    expect(rig.events).toMatchObject([{ kind: 'needs-login', account: 'anthropic/a' }]);
  });

  test('with every token refused the answer says how to log in', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'invalid_bearer', times: 2 });
    const response = await rig.ask();
    expect(response.status).toBe(403);
    expect((await errorOf(response)).message).toContain('stint account add');
    expect(await errorOf(await rig.ask())).toMatchObject({ type: 'permission_error' });
    expect(rig.sends()).toEqual(['a', 'b']);
  });

  test('three network errors in a row rest the account for ten seconds', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'cut_before_head', credential: 'a', times: 'always' });
    await saveAccount(rig.book, { ...accountOf(rig, 'b'), standing: 'disabled' });
    await rig.ask();
    expect(rig.events).toEqual([]);
    await rig.ask();
    expect(rig.events).toMatchObject([{ kind: 'resting', account: 'anthropic/a' }]);
    expect(rig.sends()).toEqual(['a', 'a', 'a', 'a']);
    // With nobody else open it is asked nevertheless: the client retries a failure, and waits for none.
    expect((await rig.ask()).status).toBe(502);
    rig.simulator.clearFaults();
    expect((await rig.ask()).status).toBe(200);
  });

  test('a limit on counting tokens closes nothing, a token that is refused there does', async () => {
    await using rig = await startRig();
    const path = '/v1/messages/count_tokens';
    rig.simulator.inject({ kind: 'five_hour', path, credential: 'a' });
    expect((await rig.ask({ path })).headers.get('stint-account')).toBe('anthropic/b');
    expect(limitsOf(rig, 'a')).toEqual([]);
    rig.simulator.inject({ kind: 'revoked', path, credential: 'a' });
    expect((await rig.ask({ path })).headers.get('stint-account')).toBe('anthropic/b');
    expect(accountOf(rig, 'a').standing).toBe('needs-login');
  });

  test('overload closes nothing', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'overloaded', times: 2 });
    await rig.ask();
    expect(limitsOf(rig, 'a')).toEqual([]);
    expect(rig.events).toEqual([]);
  });
});

async function playFault(fault: FaultInput, stream: boolean) {
  await using rig = await startRig();
  rig.simulator.inject({ ...fault, credential: 'a' });
  const response = await rig.ask({ stream });
  const { text, broken } = await readAll(response);
  const { status, headers } = response;
  const [account, tries] = [headers.get('stint-account'), headers.get('stint-tries')];
  return { status, broken, text, sends: rig.sends(), account, tries };
}

const overloadedJson = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';

function accountOf(rig: Rig, label: string) {
  const state = rig.book.state.accounts.get(idOf(label));
  if (state === undefined) throw new Error(`no account ${label}`);
  return state.account;
}

function limitsOf(rig: Rig, label: string) {
  const limits = rig.book.state.accounts.get(idOf(label))?.limits.values() ?? [];
  return [...limits].map(({ window, family }) => ({ window, family }));
}
