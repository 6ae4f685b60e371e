import type { Way } from '../process/daemon.ts';

/** A request that asks a model something, in whichever protocol. */
export type Question = {
  readonly streamed: boolean;
  readonly prompt: string;
  readonly session: string;
  /** It goes to the provider itself, without a gateway that adds what belongs to the account. */
  readonly direct?: boolean;
};

/** A vendor's protocol: how its clients ask, and how its whole answers end. */
export type Protocol = {
  readonly name: 'messages' | 'responses' | 'gemini';
  /** As the tables name it. */
  readonly title: string;
  readonly provider: string;
  /** Whose phantom asks. */
  readonly agent: string;
  /** In front of the provider's own paths at the gateway. */
  readonly door: string;
  secretOf(name: string): string;
  /** The window that a scene's accounts are limited by. */
  readonly window: string;
  /** Renders a request with the headers that the vendor's own agent sends. */
  request(way: Way, question: Question): Buffer;
  /** How many deltas a streamed answer has, if it is complete; -1 when it is not. */
  completeDeltas(body: Buffer): number;
};

/** Renders a POST with a JSON body. */
export function post({ port, base }: Way, path: string, content: { headers: readonly string[]; body: object }): Buffer {
  const body = JSON.stringify(content.body);
  const head = [
    `POST ${base}${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'connection: keep-alive',
    'content-type: application/json',
    ...content.headers,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** A prompt of words of about this size. */
export function words(sizeBytes: number): string {
  return 'word '.repeat(Math.max(1, Math.round(sizeBytes / 5)));
}
