import { labelOf, type AccountId } from '../src/core/ids.ts';
import { openSocket, type SocketClient, type Told } from '../test/socket-client.ts';
import type { VendorRig } from '../test/vendor-rig.ts';
import { partOf, partsOf, type Seen } from './answer.ts';
import { userMessage, type OnContent } from './ask-http.ts';
import type { Column } from './column.ts';
import { spanOf } from './span.ts';

/** Codex's side of a WebSocket: a connection is kept until it fails, and a conversation goes on from its last response. */
export type SocketSide = Disposable & { ask(onContent: OnContent): Promise<Seen> };

export function socketSide(rig: VendorRig, column: Column): SocketSide {
  let client: SocketClient | null = null;
  let last: string | null = null;
  return {
    async ask(onContent) {
      if (client === null) {
        const opened = await openSocket(rig.url + column.path, { authorization: `Bearer ${rig.token}` });
        if (!('socket' in opened)) return refused(opened, rig.clock());
        client = opened;
        last = null;
      }
      const heard = await converse(client, requestOf(column, last), onContent);
      const seen = seenIn(heard, rig);
      last = heard.told.at(-1)?.response?.id ?? null;
      if (seen.complete) return seen;
      // As Codex does after anything but a complete answer.
      client.socket.terminate();
      client = null;
      return seen;
    },
    [Symbol.dispose]: () => client?.socket.terminate(),
  };
}

function requestOf({ model }: Column, last: string | null): object {
  const previous = last === null ? {} : { previous_response_id: last };
  return { type: 'response.create', model, store: false, stream: true, ...previous, input: [userMessage()] };
}

const ends = new Set(['response.completed', 'response.incomplete', 'response.failed', 'error']);

type Heard = { readonly told: readonly Told[]; readonly closedWith: number | null };

async function converse(client: SocketClient, request: object, onContent: OnContent): Promise<Heard> {
  const from = client.messages.length;
  const ended = client.next(({ type }) => ends.has(type)).then(() => null);
  void client.next(({ type }) => type === 'response.output_text.delta').then(onContent);
  client.send(request);
  const closedWith = await Promise.race([ended, client.closed]);
  return { told: client.messages.slice(from), closedWith };
}

function seenIn({ told, closedWith }: Heard, rig: VendorRig): Seen {
  const parts = told.map((each) => partOf(JSON.stringify(each), rig.clock()));
  const failed = parts.find(({ error }) => error !== null);
  const account = rig.records.all.findLast(({ status }) => status === 101)?.account ?? null;
  return {
    status: 101,
    text: parts.map((each) => each.text).join(''),
    complete: parts.some(({ ends }) => ends),
    error: failed?.error ?? null,
    errorStatus: failed?.status ?? null,
    retryAfter: failed?.retryAfter ?? null,
    broken: closedWith === null ? null : `the connection is closed (${closedWith})`,
    account: account === null ? null : labelOf(account as AccountId),
  };
}

function refused({ status, headers, body }: { status: number; headers: Headers; body: string }, now: number): Seen {
  const [part] = partsOf(body, now);
  const seconds = headers.get('retry-after');
  return {
    status,
    text: '',
    complete: false,
    error: part?.error ?? null,
    errorStatus: null,
    retryAfter: seconds === null ? (part?.retryAfter ?? null) : spanOf(Number(seconds) * 1000),
    broken: null,
    account: null,
  };
}
