import { Connection } from './connection.ts';

export type Answer = {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
  /** From the first byte sent to the first byte of the head and to the last of the body. */
  readonly headMs: number;
  readonly totalMs: number;
};

/** A connection on which whole answers are asked for, one after another. */
export class Client {
  readonly #port: number;
  readonly #begun: (() => void) | undefined;
  #connection: Connection | undefined;
  #pending: Pending | undefined;

  /** `begun` runs with the head of each answer. */
  constructor(port: number, begun?: () => void) {
    this.#port = port;
    this.#begun = begun;
  }

  async open(): Promise<void> {
    this.#connection = new Connection();
    await this.#connection.open(this.#port, {
      head: (status, head) => {
        this.#pending?.head(status, head);
        this.#begun?.();
      },
      body: (bytes, from, to) => this.#pending?.body(bytes, from, to),
      end: () => this.#pending?.end(),
      lost: (why) => this.#pending?.lost(why),
    });
  }

  /** Rejects when the connection ends before the answer does. */
  ask(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#pending = new Pending(resolve, reject);
      if (this.#connection === undefined) throw new Error('the client is not open');
      this.#connection.send(request);
    });
  }

  close(): void {
    this.#connection?.close();
  }
}

class Pending {
  readonly #sentAt = performance.now();
  readonly #parts: Buffer[] = [];
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  #status = 0;
  #head = '';
  #headMs = 0;

  constructor(resolve: (answer: Answer) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  head(status: number, head: string): void {
    this.#headMs = performance.now() - this.#sentAt;
    this.#status = status;
    this.#head = head;
  }

  body(bytes: Buffer, from: number, to: number): void {
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
  }

  end(): void {
    const totalMs = performance.now() - this.#sentAt;
    const body = Buffer.concat(this.#parts);
    this.#resolve({ status: this.#status, head: this.#head, body, headMs: this.#headMs, totalMs });
  }

  lost(why: string): void {
    this.#reject(new Error(why));
  }
}

/** Asks once on a connection of its own. */
export async function askOnce(port: number, request: Buffer): Promise<Answer> {
  const client = new Client(port);
  await client.open();
  try {
    return await client.ask(request);
  } finally {
    client.close();
  }
}

/** A header of an answer's head; undefined when it is absent. */
export function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i').exec(head)?.[1];
}
