// One request on a WebSocket and its answer, with the simulator as the provider.
import { describe, expect, test } from 'bun:test';
import { openaiId, startSocketRig, type SocketRig } from '../../../test/socket-rig.ts';
import type { SocketClient, Told } from '../../../test/socket-client.ts';
import { userItem } from '../../../test/socket-upstream.ts';

function request(prompt: string): object {
  return { type: 'response.create', model: 'gpt-6.1-sol', stream: true, store: false, input: [userItem(prompt)] };
}

function textOf(messages: readonly Told[]): string {
  return messages.flatMap(({ type, delta }) => (type === 'response.output_text.delta' ? [delta] : [])).join('');
}

const lastTries = (rig: SocketRig): string[] =>
  rig.records.all.at(-1)?.tries.map(({ account, outcome }) => `${account} ${outcome}`) ?? [];

describe('a request on a WebSocket', () => {
  test('has its record, as one on HTTP has', async () => {
    await using rig = await startSocketRig();
    const client = await rig.connect({ 'session-id': 's1' });
    const messages = await client.ask(request('[[say:hello]]'));
    expect([messages[0]?.type, messages.at(-1)?.type]).toEqual(['response.created', 'response.completed']);
    expect(textOf(messages)).toBe('hello');
    const [upgrade, record] = rig.records.all;
    expect([upgrade?.outcome, upgrade?.status, upgrade?.model]).toEqual(['served', 101, null]);
    expect(record).toMatchObject({
      ...{ account: 'openai/a', model: 'gpt-6.1-sol', session: 's1', outcome: 'served', streamed: true },
      ...{ inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
    });
    expect(record?.id).not.toBe(upgrade?.id ?? '');
    expect(rig.gateway.active).toBe(0);
  });

  test.each([
    ['usage_limit', ['openai/a window', 'openai/b served']],
    ['insufficient_quota', ['openai/a billing', 'openai/b served']],
    ['invalid_key', ['openai/a auth', 'openai/b served']],
    ['overloaded', ['openai/a overload', 'openai/a served']],
    ['internal', ['openai/a overload', 'openai/a served']],
    ['throttle', ['openai/a scoped', 'openai/a served']],
    ['failed_before_content', ['openai/a overload', 'openai/a served']],
    ['error_event_before_content', ['openai/a overload', 'openai/a served']],
    ['cut_before_head', ['openai/a network', 'openai/a served']],
    ['close_frame', ['openai/a network', 'openai/a served']],
    ['garbled_frame', ['openai/a network', 'openai/a served']],
    ['fragmented', ['openai/a served']],
    ['huge_header', ['openai/a served']],
  ] as const)('that meets %s before content is answered all the same', async (kind, tries) => {
    await using rig = await startSocketRig();
    const client = await rig.connect();
    rig.simulator.inject({ kind, on: 'frame' });
    const messages = await client.ask(request('[[say:hello]]'));
    expect(messages.at(-1)?.type).toBe('response.completed');
    expect(textOf(messages)).toBe('hello');
    expect(messages.filter(({ type }) => type === 'response.created')).toHaveLength(1);
    expect(lastTries(rig)).toEqual([...tries]);
    expect(rig.bugs).toEqual([]);
    expect(rig.gateway.active).toBe(0);
  });

  test.each(['cut_mid', 'clean_end_mid'] as const)(
    'that meets %s after content is not sent again: the client is cut off and retries',
    async (kind) => {
      await using rig = await startSocketRig();
      const client = await rig.connect();
      rig.simulator.inject({ kind, on: 'frame' });
      client.send(request('[[words:20]]'));
      expect(await client.closed).toBe(1011);
      expect(client.messages.some(({ type }) => type === 'response.output_text.delta')).toBe(true);
      expect([rig.records.all.at(-1)?.outcome, ...lastTries(rig)]).toEqual(['cut', 'openai/a served']);
      expect(rig.sends()).toEqual(['a']);
    },
  );

  test('that fails after content has the error as it came, and the next goes elsewhere', async () => {
    await using rig = await startSocketRig();
    const client = await rig.connect();
    rig.simulator.inject({ kind: 'failed_mid', code: 'usage_limit_reached', on: 'frame' });
    expect((await client.ask(request('[[words:20]]'))).at(-1)?.type).toBe('response.failed');
    expect(rig.records.all.at(-1)?.outcome).toBe('failed');
    expect(rig.sends()).toEqual(['a']);
    await client.ask(request('[[say:hello]]'));
    expect(rig.sends()).toEqual(['a', 'b']);
  });

  test.each(['error_event_mid', 'error_event_before_content'] as const)(
    'that ends with %s, over which clients pass, has the error as it came and is cut off',
    async (kind) => {
      await using rig = await startSocketRig();
      const client = await rig.connect();
      rig.simulator.inject({ kind, code: 'server_error', on: 'frame', times: 'always' });
      client.send(request('[[words:20]]'));
      expect(await client.closed).toBe(1011);
      expect(client.messages.at(-1)).toMatchObject({ type: 'error', code: 'server_error' });
      expect(rig.records.all.at(-1)?.outcome).toBe('failed');
      expect(rig.gateway.active).toBe(0);
    },
  );

  test('that every account refuses is told the earliest reset, and the connection stays usable', async () => {
    await using rig = await startSocketRig();
    const client = await rig.connect();
    rig.simulator.inject({ kind: 'usage_limit', on: 'frame', credential: 'a', resetInSeconds: 7200 });
    rig.simulator.inject({ kind: 'usage_limit', on: 'frame', credential: 'b', resetInSeconds: 3600 });
    const [told, ...rest] = await client.ask(request('one'));
    expect(rest).toEqual([]);
    expect([told?.status, told?.error?.type]).toEqual([429, 'usage_limit_reached']);
    expect(told?.error?.message).toContain('every account');
    expect(rig.records.all.at(-1)).toMatchObject({ outcome: 'exhausted', status: 429 });
    rig.advance(3601 * 1000);
    expect((await client.ask(request('[[say:hello]]'))).at(-1)?.type).toBe('response.completed');
    expect(rig.sends()).toEqual(['a', 'b', 'b']);
  });

  test('that is wrong is refused once, in the provider’s words', async () => {
    await using rig = await startSocketRig();
    const client = await rig.connect();
    rig.simulator.inject({ kind: 'invalid_request', on: 'frame' });
    const [told] = await client.ask(request('one'));
    expect(told?.status).toBe(400);
    expect([rig.records.all.at(-1)?.outcome, ...lastTries(rig)]).toEqual(['failed', 'openai/a request']);
  });

  test('with reasoning of another account is sent again without it', async () => {
    await using rig = await startSocketRig();
    const client = await rig.connect();
    const reasoning = { type: 'reasoning', summary: [], encrypted_content: 'of another' };
    const input = [userItem('one'), reasoning, userItem('[[say:hello]]')];
    const messages = await client.ask({ ...request(''), input });
    expect(textOf(messages)).toBe('hello');
    expect(lastTries(rig)).toEqual(['openai/a foreign', 'openai/a served']);
    await client.ask({ ...request(''), input: [...input, userItem('[[say:again]]')] });
    expect(lastTries(rig)).toEqual(['openai/a served']);
  });

  test.each(['upgrade', 'frame'] as const)(
    'of a plan whose access token has ended at its %s is served with a renewed one',
    async (on) => {
      await using rig = await startSocketRig({ accounts: ['a'], plans: true });
      if (on === 'upgrade') rig.simulator.changeCredential('a', { login: 'revoked' });
      const client = await rig.connect();
      if (on === 'frame') rig.simulator.inject({ kind: 'token_invalidated', on });
      const first = await client.ask(request('[[say:hello]]'));
      expect(textOf(first)).toBe('hello');
      const record = rig.records.all.at(on === 'upgrade' ? 0 : -1);
      expect(record?.tries.map(({ outcome }) => outcome)).toEqual(['auth', 'served']);
      expect(rig.simulator.state()[0]?.login?.refreshes).toBe(1);
      expect(rig.book.account(openaiId('a')).account.standing).toBe('enabled');
    },
  );

  test('is held with keep-alives until an account opens', async () => {
    await using rig = await startSocketRig({ accounts: ['a'], holdMs: 60_000 });
    const client = await rig.connect();
    rig.simulator.inject({ kind: 'usage_limit', on: 'frame', resetInSeconds: 30 });
    const alive = client.next(({ type }) => type === 'keepalive');
    const asking = client.ask(request('[[say:hello]]'));
    await alive;
    rig.advance(31_000);
    expect(textOf(await asking)).toBe('hello');
    expect(rig.records.all.at(-1)?.heldMs).toBeGreaterThanOrEqual(31_000);
  });

  test('whose client leaves while it is held or answered blames nobody', async () => {
    await using rig = await startSocketRig({ accounts: ['a'], holdMs: 60_000, scenario: { deltaDelayMs: 5 } });
    const held = await rig.connect();
    const answered = await rig.connect();
    const delta = answered.next(({ type }) => type === 'response.output_text.delta');
    answered.send(request('[[words:2000]]'));
    await delta;
    rig.simulator.inject({ kind: 'usage_limit', on: 'frame', resetInSeconds: 30 });
    const alive = held.next(({ type }) => type === 'keepalive');
    held.send(request('one'));
    await alive;
    for (const client of [held, answered]) {
      const record = rig.records.next(() => true);
      client.socket.terminate();
      expect((await record).outcome).toBe('aborted');
    }
    expect(rig.gateway.active).toBe(0);
    expect(rig.bugs).toEqual([]);
  });
});

describe('requests on two connections', () => {
  test('do not wait for one another', async () => {
    await using rig = await startSocketRig({ scenario: { deltaDelayMs: 5 } });
    const clients: SocketClient[] = [await rig.connect(), await rig.connect()];
    const [slow, quick] = clients as [SocketClient, SocketClient];
    const begun = slow.next(({ type }) => type === 'response.output_text.delta');
    slow.send(request('[[words:2000]]'));
    await begun;
    expect(textOf(await quick.ask(request('[[say:hello]]')))).toBe('hello');
    expect(slow.messages.some(({ type }) => type === 'response.completed')).toBe(false);
  });

  test('on one connection are answered in order', async () => {
    await using rig = await startSocketRig();
    const client = await rig.connect();
    client.send(request('[[say:one]]'));
    client.send(request('[[say:two]]'));
    const second = await client
      .ask(request('[[say:three]]'))
      .then(() => client.next(({ type }) => type === 'response.completed'));
    expect(second).toBeDefined();
  });
});
