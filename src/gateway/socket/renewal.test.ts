// What a request does on a connection that its account would no longer be given, and what of a failure is passed on.
import { describe, expect, test } from 'bun:test';
import { addAccount, removeAccount, replaceAccount } from '../../book/roster.ts';
import { openaiId, startSocketRig, type SocketRig } from '../../../test/socket-rig.ts';
import type { Told } from '../../../test/socket-client.ts';
import { listenSocket, responseOf, textItem, userItem } from '../../../test/socket-upstream.ts';

const request = { type: 'response.create', model: 'gpt-6.1-sol', stream: true, store: false, input: [userItem('one')] };
const a = openaiId('a');
const limitReached = {
  type: 'invalid_request_error',
  code: 'websocket_connection_limit_reached',
  message: '60 minutes',
};

function served(): string[] {
  return responseOf([textItem('hello')]);
}

async function replace(rig: SocketRig, baseUrl: string | null): Promise<void> {
  const { account } = rig.book.account(a);
  await replaceAccount(rig.book, { ...account, baseUrl }, async () => ({
    publish: () => void (baseUrl === account.baseUrl && rig.secrets.set(a, 'sk-test-new')),
    undo: async () => undefined,
  }));
}

describe('a connection whose account has changed since', () => {
  test.each<[string, (rig: SocketRig, url: string) => Promise<void>]>([
    ['replaced', (rig, url) => replace(rig, url)],
    [
      'removed and added again',
      async (rig) => {
        const { account } = rig.book.account(a);
        await removeAccount(rig.book, a);
        rig.secrets.set(a, 'sk-test-new');
        await addAccount(rig.book, account);
      },
    ],
  ])('is let go: the next request has the credential with which it was %s', async (_, change) => {
    await using upstream = listenSocket({
      message: (_, client) => served().forEach((message) => client.send(message)),
    });
    await using rig = await startSocketRig({ accounts: ['a'], upstreamUrl: upstream.url });
    const client = await rig.connect();
    await client.ask(request);
    await change(rig, upstream.url);
    await client.ask(request);
    await client.ask(request);
    expect(upstream.asked.map(({ token }) => token)).toEqual(['sk-test-a', 'sk-test-new', 'sk-test-new']);
  });

  test('is let go: the next request goes to its new base URL', async () => {
    const play = {
      message: (_: unknown, client: { send(text: string): unknown }) => served().forEach((each) => client.send(each)),
    };
    await using upstream = listenSocket(play);
    await using other = listenSocket(play);
    await using rig = await startSocketRig({ accounts: ['a'], upstreamUrl: upstream.url });
    const client = await rig.connect();
    await client.ask(request);
    await replace(rig, other.url);
    await client.ask(request);
    expect([upstream.asked.length, other.asked.length]).toEqual([1, 1]);
  });

  test('stays while nothing has changed', async () => {
    let upgrades = 0;
    await using upstream = listenSocket({
      upgrade: () => void (upgrades += 1),
      message: (_, client) => served().forEach((message) => client.send(message)),
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    await client.ask(request);
    await client.ask(request);
    expect(upgrades).toBe(1);
  });
});

describe('a connection that its provider serves no longer', () => {
  test.each([false, true])('is let go, and another of the same account serves (after content: %p)', async (isLate) => {
    let upgrades = 0;
    await using upstream = listenSocket({
      upgrade: () => void (upgrades += 1),
      message: (_, client) => {
        const isOld = upgrades === 1;
        const messages = isOld && !isLate ? [] : isOld ? served().slice(0, -1) : served();
        for (const message of messages) client.send(message);
        if (isOld) client.send(JSON.stringify({ type: 'error', status: 400, error: limitReached }));
      },
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    if (isLate) expect((await client.ask(request)).at(-1)?.error?.code).toBe(limitReached.code);
    expect((await client.ask(request)).at(-1)?.type).toBe('response.completed');
    expect(upstream.asked.map(({ token }) => token)).toEqual(['sk-test-a', 'sk-test-a']);
    expect(upgrades).toBe(2);
  });
});

describe('a failed message that is passed on', () => {
  type Failed = Told & { readonly headers?: Readonly<Record<string, string>> };
  const errors = {
    quota: { code: 'insufficient_quota', message: 'no money' },
    bare: { type: 'x', message: 'Too many' },
  };

  test.each([
    [
      'a long wait before content',
      { isLate: false, error: errors.quota, headers: { 'retry-after': '86400' }, wait: '60' },
    ],
    [
      'a long wait after content',
      { isLate: true, error: errors.quota, headers: { 'retry-after': '86400' }, wait: '60' },
    ],
    ['a 429 that names no limit', { isLate: false, error: errors.bare, headers: {}, wait: '2' }],
    ['a 429 that names no limit, after content', { isLate: true, error: errors.bare, headers: {}, wait: '2' }],
  ] as const)('has a wait that its client may sleep for: %s', async (_, { isLate, error, headers, wait }) => {
    await using upstream = listenSocket({
      message: (_, client) => {
        for (const message of isLate ? served().slice(0, -1) : []) client.send(message);
        client.send(JSON.stringify({ type: 'error', status: 429, error, headers }));
      },
    });
    await using rig = await startSocketRig({ accounts: ['a'], upstreamUrl: upstream.url });
    const client = await rig.connect();
    const last: Failed | undefined = (await client.ask(request)).at(-1);
    expect([last?.status, last?.headers?.['retry-after']]).toEqual([429, wait]);
  });
});

test('an answer with more pings in it than can be answered at once comes through', async () => {
  await using rig = await startSocketRig({ accounts: ['a'] });
  const client = await rig.connect();
  rig.simulator.inject({ kind: 'fragmented', pieceBytes: 7, on: 'frame' });
  client.send({ ...request, input: [userItem('[[words:20]]')] });
  const last = client.next(({ type }) => type === 'response.completed').then(({ type }) => type);
  expect(await Promise.race([last, client.closed])).toBe('response.completed');
});
