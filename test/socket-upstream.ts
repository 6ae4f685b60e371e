// A provider's side of a WebSocket that a test plays itself, for what the simulator does not show or do.
import { parseJson } from '../src/lib/parse-json.ts';

type Data = { readonly token: string; readonly headers: Headers };
export type UpstreamClient = Bun.ServerWebSocket<Data>;

export type Asked = {
  readonly token: string;
  readonly headers: Headers;
  readonly text: string;
  readonly request: Readonly<Record<string, unknown>> & { readonly input?: readonly { readonly type: string }[] };
};

export type Play = {
  /** A response refuses the upgrade. */
  readonly upgrade?: (token: string, request: Request) => Response | HeadersInit | undefined;
  readonly message: (asked: Asked, client: UpstreamClient) => void;
  readonly closed?: (token: string, code: number) => void;
  readonly pong?: (client: UpstreamClient) => void;
};

/** Listens on loopback until it is disposed; `asked` is what came, by the token it came with. */
export function listenSocket(play: Play) {
  const asked: Asked[] = [];
  const server: Bun.Server<Data> = Bun.serve<Data>({
    ...{ hostname: '127.0.0.1', port: 0, development: false, idleTimeout: 0 },
    fetch(request) {
      const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? '';
      const answer = play.upgrade?.(token, request);
      if (answer instanceof Response) return answer;
      const data = { token, headers: new Headers(request.headers) };
      const isOpen = server.upgrade(request, { data, headers: answer ?? {} });
      return isOpen ? undefined : new Response(null, { status: 400 });
    },
    websocket: {
      ...{ maxPayloadLength: 128 * 1024 * 1024, backpressureLimit: 1024 * 1024 * 1024, idleTimeout: 0 },
      message(client, message) {
        const text = String(message);
        const one = { ...client.data, text, request: requestIn(text) };
        asked.push(one);
        play.message(one, client);
      },
      close: (client, code) => play.closed?.(client.data.token, code),
      pong: (client) => play.pong?.(client),
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** Empty for what is no JSON. */
function requestIn(text: string): Asked['request'] {
  const request = parseJson(text);
  return typeof request === 'object' && request !== null ? (request as Asked['request']) : {};
}

let responses = 0;

/** The messages of a response with these items, complete. */
export function responseOf(items: readonly object[]): string[] {
  const id = `resp_test${(responses += 1)}`;
  const response = { id, status: 'in_progress', output: [] };
  const usage = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };
  const events = [
    { type: 'response.created', response },
    { type: 'response.in_progress', response },
    ...items.flatMap((item, index) => [
      { type: 'response.output_item.added', output_index: index, item },
      { type: 'response.output_item.done', output_index: index, item },
    ]),
    { type: 'response.completed', response: { ...response, status: 'completed', output: items, usage } },
  ];
  return events.map((event) => JSON.stringify(event));
}

export function textItem(text: string) {
  return { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] };
}

export function userItem(text: string) {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
}

/** Reasoning that only the account which made it can read. */
export function reasoningItem(account: string) {
  return { type: 'reasoning', summary: [], encrypted_content: `of ${account}` };
}

/** The message with which a provider refuses a request for a used up quota. */
export function usageLimit(resetsAt: number): string {
  const error = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_at: resetsAt };
  return JSON.stringify({ type: 'error', status: 429, error });
}
