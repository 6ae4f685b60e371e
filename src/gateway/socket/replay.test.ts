// What another account is told when a conversation on a WebSocket moves to it.
import { describe, expect, test } from 'bun:test';
import {
  listenSocket,
  reasoningItem,
  responseOf,
  textItem,
  usageLimit,
  userItem,
  type Asked,
  type UpstreamClient,
} from '../../../test/socket-upstream.ts';
import { openaiId, startSocketRig, type SocketRig } from '../../../test/socket-rig.ts';
import type { SocketClient } from '../../../test/socket-client.ts';

const keyOf = (label: string): string => `sk-test-${label}`;

/** Answers with reasoning and a text, except those accounts whose limit is reached. */
function listenLimited(limited: Set<string>, resetInSeconds = 3600) {
  return listenSocket({
    message: (asked, client) => {
      if (limited.has(asked.token)) client.send(usageLimit(Math.floor(Date.now() / 1000) + resetInSeconds));
      else answer(asked, client, limited);
    },
  });
}

/** What another request would have met there. */
async function closeAccount({ book, clock }: SocketRig, label: string): Promise<void> {
  const closed = { kind: 'closed', window: 'usage_limit', family: null, overage: false, evidence: 'used up' } as const;
  const observed = { account: openaiId(label), model: null, sentAt: clock(), served: false };
  await book.observe({ ...observed, signals: [{ ...closed, until: clock() + 3_600_000 }] });
}

function answer({ token, request }: Asked, client: UpstreamClient, limited: ReadonlySet<string>): void {
  if (limited.has(token)) return void client.send(usageLimit(Math.floor(Date.now() / 1000) + 3600));
  const items = request['generate'] === false ? [] : [reasoningItem(token), textItem(`from ${token}`)];
  for (const message of responseOf(items)) client.send(message);
}

/** Asks as Codex does: only what is new, and the response that it goes on from. */
async function goOn(client: SocketClient, text: string, after: string | undefined): Promise<string | undefined> {
  const messages = await client.ask({ ...request([userItem(text)]), previous_response_id: after });
  return messages.at(-1)?.response?.id;
}

function request(input: readonly object[]): object {
  return { type: 'response.create', model: 'gpt-6.1-sol', stream: true, store: false, input };
}

/** What a request holds, one word an item. */
function itemsOf({ request: { input = [] } }: Asked): string[] {
  return input.map((item) => {
    const { type, content } = item as { type: string; content?: readonly { text: string }[] };
    return content?.[0]?.text ?? type;
  });
}

async function converse(rig: SocketRig): Promise<{ client: SocketClient; last: string | undefined }> {
  const client = await rig.connect();
  const warmUp = await client.ask({ ...request([]), generate: false });
  const first = await goOn(client, 'one', warmUp.at(-1)?.response?.id);
  return { client, last: await goOn(client, 'two', first) };
}

describe('a conversation that moves', () => {
  test('is told to the next account from its beginning, each item once and without reasoning', async () => {
    const limited = new Set<string>();
    await using upstream = listenLimited(limited);
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const { client, last } = await converse(rig);
    limited.add(keyOf('a'));
    const third = await goOn(client, 'three', last);
    const moved = upstream.asked.at(-1) as Asked;
    expect(moved.token).toBe(keyOf('b'));
    expect(itemsOf(moved)).toEqual(['one', 'from sk-test-a', 'two', 'from sk-test-a', 'three']);
    expect(moved.request).not.toHaveProperty('previous_response_id');
    expect(moved.request['model']).toBe('gpt-6.1-sol');

    await goOn(client, 'four', third);
    const next = upstream.asked.at(-1) as Asked;
    expect([next.token, next.request['previous_response_id'], itemsOf(next)]).toEqual([keyOf('b'), third, ['four']]);
    expect(rig.bugs).toEqual([]);
  });

  test('moves before it is sent when its account has closed in the meantime', async () => {
    const limited = new Set<string>();
    await using upstream = listenLimited(limited);
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const { client, last } = await converse(rig);
    const other = await rig.connect({ 'session-id': 'another' });
    limited.add(keyOf('a'));
    await other.ask(request([userItem('who closes it')]));
    const before = upstream.asked.length;
    await goOn(client, 'three', last);
    expect(upstream.asked.slice(before).map(({ token }) => token)).toEqual([keyOf('b')]);
    expect(itemsOf(upstream.asked.at(-1) as Asked)).toHaveLength(5);
  });

  test('moves on, and comes back with what the other account answered', async () => {
    const limited = new Set<string>();
    await using upstream = listenLimited(limited);
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const { client, last } = await converse(rig);
    limited.add(keyOf('a'));
    const third = await goOn(client, 'three', last);
    limited.delete(keyOf('a'));
    limited.add(keyOf('b'));
    rig.advance(3601 * 1000);
    await goOn(client, 'four', third);
    const back = upstream.asked.at(-1) as Asked;
    expect(back.token).toBe(keyOf('a'));
    expect(itemsOf(back).slice(4)).toEqual(['three', 'from sk-test-b', 'four']);
  });

  test('that is one complete request leaves out the reasoning of the account that has refused it', async () => {
    await using upstream = listenLimited(new Set([keyOf('a')]));
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    await client.ask(request([userItem('one'), reasoningItem('a'), textItem('answer'), userItem('two')]));
    expect(upstream.asked.map(({ token }) => token)).toEqual([keyOf('a'), keyOf('b')]);
    expect(upstream.asked.map(itemsOf)).toEqual([
      ['one', 'reasoning', 'answer', 'two'],
      ['one', 'answer', 'two'],
    ]);
  });

  test('does not take the turn state of the account before with it', async () => {
    const limited = new Set<string>();
    await using upstream = listenSocket({
      upgrade: (token) => ({ 'x-codex-turn-state': `state of ${token}` }),
      message: (asked, client) => answer(asked, client, limited),
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const first = await rig.connect();
    expect(first.headers.get('x-codex-turn-state')).toBe('state of sk-test-a');
    const second = await rig.connect({ 'x-codex-turn-state': 'state of sk-test-a' });
    limited.add(keyOf('a'));
    await second.ask(request([userItem('one')]));
    const states = upstream.asked.map(({ token, headers }) => [token, headers.get('x-codex-turn-state')]);
    expect(states).toEqual([
      [keyOf('a'), 'state of sk-test-a'],
      [keyOf('b'), null],
    ]);
  });

  test.each([
    ['when its account has closed between two requests', false],
    ['after a hold', true],
  ])('leaves out what one account made %s', async (_, isHeld) => {
    const limited = new Set(isHeld ? [keyOf('a'), keyOf('b')] : []);
    await using upstream = listenLimited(limited, 30);
    await using rig = await startSocketRig({ upstreamUrl: upstream.url, holdMs: isHeld ? 60_000 : 0 });
    const client = await rig.connect();
    const metadata = { 'x-codex-turn-state': 'state of a', kept: 'yes' };
    const whole = { ...request([reasoningItem('a'), userItem('two')]), client_metadata: metadata };
    if (!isHeld) await client.ask(request([userItem('one')]));
    const alive = client.next(({ type }) => type === 'keepalive');
    const asking = isHeld ? client.ask(whole) : null;
    if (isHeld) await alive;
    await closeAccount(rig, 'a');
    limited.delete(keyOf('b'));
    rig.advance(31_000);
    await (asking ?? client.ask(whole));
    const moved = upstream.asked.at(-1) as Asked;
    expect([moved.token, itemsOf(moved), moved.request['client_metadata']]).toEqual([
      keyOf('b'),
      ['two'],
      { kept: 'yes' },
    ]);
  });

  test('goes on over a new connection of the same account when the provider has cut the one it had', async () => {
    let cuts = 1;
    await using upstream = listenSocket({
      message: (asked, client) => {
        if (asked.text.includes('three') && cuts-- > 0) return client.terminate();
        answer(asked, client, new Set());
      },
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const { client, last } = await converse(rig);
    await goOn(client, 'three', last);
    const again = upstream.asked.at(-1) as Asked;
    expect([again.token, itemsOf(again)]).toEqual([
      keyOf('a'),
      ['one', 'from sk-test-a', 'two', 'from sk-test-a', 'three'],
    ]);
  });
});

describe('what exists at one account only', () => {
  test('a response that is not known here stays with its account while that is open', async () => {
    await using upstream = listenLimited(new Set());
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    await goOn(client, 'one', 'resp_elsewhere');
    expect(upstream.asked.map(({ request: { previous_response_id: id } }) => id)).toEqual(['resp_elsewhere']);
  });

  test('a response that is not known here makes the client send everything again when its account closes', async () => {
    await using upstream = listenLimited(new Set([keyOf('a')]));
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    const messages = await client.ask({ ...request([userItem('one')]), previous_response_id: 'resp_elsewhere' });
    expect(messages.map(({ error }) => error?.code)).toEqual(['previous_response_not_found']);
    expect(upstream.asked.map(({ token }) => token)).toEqual([keyOf('a')]);
    expect(rig.records.all.at(-1)?.outcome).toBe('sent-back');

    const all = await client.ask(request([userItem('zero'), userItem('one')]));
    expect(all.at(-1)?.type).toBe('response.completed');
    expect(upstream.asked.at(-1)?.token).toBe(keyOf('b'));
  });

  test('a file stays with its account, and its limit is told', async () => {
    await using upstream = listenLimited(new Set([keyOf('a')]));
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    const file = { type: 'message', role: 'user', content: [{ type: 'input_file', file_id: 'file-test1' }] };
    const messages = await client.ask(request([file]));
    expect(messages.map(({ status, error }) => [status, error?.type])).toEqual([[429, 'usage_limit_reached']]);
    expect(upstream.asked.map(({ token }) => token)).toEqual([keyOf('a')]);
    expect(rig.records.all.at(-1)?.account).toBe(openaiId('a'));
  });

  test('an item that is only referred to stays with its account, and its limit is told', async () => {
    await using upstream = listenLimited(new Set([keyOf('a')]));
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    const messages = await client.ask(request([{ type: 'item_reference', id: 'rs_test1' }, userItem('one')]));
    expect(messages.map(({ status, error }) => [status, error?.type])).toEqual([[429, 'usage_limit_reached']]);
    expect(upstream.asked.map(({ token }) => token)).toEqual([keyOf('a')]);
  });

  test('a history beyond its bound is forgotten, and then sent again by the client', async () => {
    const limited = new Set<string>();
    await using upstream = listenLimited(limited);
    const settings = { bodyLimitBytes: 2000 };
    await using rig = await startSocketRig({ upstreamUrl: upstream.url, settings });
    const client = await rig.connect();
    const first = await goOn(client, 'x'.repeat(1500), undefined);
    const second = await goOn(client, 'y'.repeat(1500), first);
    limited.add(keyOf('a'));
    const messages = await client.ask({ ...request([userItem('three')]), previous_response_id: second });
    expect(messages.map(({ error }) => error?.code)).toEqual(['previous_response_not_found']);
  });
});
