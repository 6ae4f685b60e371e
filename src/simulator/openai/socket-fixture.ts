import { credentialHeaders, planPath, type SimulatedEvent, type Who } from './request-fixture.ts';
import type { OpenAiSimulator } from './simulator.ts';

/** A client of the WebSocket, as far as a test needs one. */
export interface SocketClient {
  send(message: object): void;
  /** Asks, and reads to the event that ends the answer or to the close. */
  ask(message?: object): Promise<SimulatedEvent[]>;
  /** Resolves with the next text as it came. */
  next(): Promise<string>;
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

const endings = new Set(['response.completed', 'response.failed', 'error']);

/** Opens a WebSocket of the Responses API; rejects when the upgrade is refused. */
export function connect(simulator: OpenAiSimulator, as: Who = 'key'): Promise<SocketClient> {
  const path = as === 'work' || as === 'home' ? planPath : '/v1/responses';
  const headers = { ...credentialHeaders(simulator, as), 'openai-beta': 'responses_websockets=2026-02-06' };
  // Bun's client takes headers, which the DOM's type does not know.
  const options: Bun.WebSocketOptions = { headers };
  const socket: WebSocket = Reflect.construct(WebSocket, [`${simulator.url.replace('http', 'ws')}${path}`, options]);
  const texts = new TextQueue();
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => {
      texts.end();
      resolve({ code, reason });
    });
  });
  socket.addEventListener('message', ({ data }) => texts.add(String(data)));
  const send = (message: object): void => socket.send(JSON.stringify({ type: 'response.create', ...message }));
  const client: SocketClient = {
    send,
    async ask(message = {}) {
      send({ model: 'gpt-6.1-sol', input: 'hi', store: false, ...message });
      return await texts.until(endings);
    },
    next: async () => (await texts.next()) ?? '',
    closed,
    async close() {
      socket.close();
      await closed;
    },
  };
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(client));
    socket.addEventListener('error', () => reject(new Error('the upgrade was refused')));
  });
}

/** Texts in the order of arrival; undefined at the end of the connection. */
class TextQueue {
  private readonly waiting: ((text: string | undefined) => void)[] = [];
  private readonly held: string[] = [];
  private ended = false;

  add(text: string): void {
    const waiter = this.waiting.shift();
    if (waiter === undefined) this.held.push(text);
    else waiter(text);
  }

  end(): void {
    this.ended = true;
    for (const waiter of this.waiting.splice(0)) waiter(undefined);
  }

  next(): Promise<string | undefined> {
    const text = this.held.shift();
    if (text !== undefined || this.ended) return Promise.resolve(text);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async until(types: ReadonlySet<string>): Promise<SimulatedEvent[]> {
    const events: SimulatedEvent[] = [];
    for (;;) {
      const text = await this.next();
      if (text === undefined) return events;
      const event = JSON.parse(text) as SimulatedEvent;
      events.push(event);
      if (types.has(event.type)) return events;
    }
  }
}
