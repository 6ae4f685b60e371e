import { type OpenAiOptions, type OpenAiSimulator, startOpenAiSimulator } from './simulator.ts';

export const keySecret = 'sk-test-key';
const otherSecret = 'sk-test-other';

/** 2026-11-21T00:00:00Z, where the clock of a test starts. */
export const startedAt = 1_795_219_200_000;

/** A simulator on a clock that only the test moves. */
export interface Fixture {
  readonly simulator: OpenAiSimulator;
  readonly clock: { now: number };
}

interface FixtureOptions extends Omit<Partial<OpenAiOptions>, 'scenario'> {
  /** What differs from the usual scenario. */
  readonly scenario?: Partial<OpenAiOptions['scenario']>;
}

/** Two API keys, `key` and `other`, and two plans, `work` and `home`. */
export function startFixture({ scenario, ...options }: FixtureOptions = {}): Fixture {
  const clock = { now: startedAt };
  const credentials: OpenAiOptions['scenario']['credentials'] = [
    { secret: keySecret, name: 'key' },
    { secret: otherSecret, name: 'other' },
    { kind: 'plan', name: 'work', accountId: 'acct-work' },
    { kind: 'plan', name: 'home', accountId: 'acct-home' },
  ];
  const simulator = startOpenAiSimulator({ scenario: { credentials, ...scenario }, now: () => clock.now, ...options });
  return { clock, simulator };
}

export type Who = 'key' | 'other' | 'work' | 'home';

/** The headers that an account's requests have. */
export function credentialHeaders(simulator: OpenAiSimulator, who: Who): Record<string, string> {
  if (who === 'key') return { authorization: `Bearer ${keySecret}` };
  if (who === 'other') return { authorization: `Bearer ${otherSecret}` };
  const { accessToken, accountId } = simulator.login(who);
  return { authorization: `Bearer ${accessToken}`, 'chatgpt-account-id': accountId };
}

export interface Ask {
  readonly as?: Who;
  readonly prompt?: string;
  readonly stream?: boolean;
  readonly path?: string;
  readonly signal?: AbortSignal;
  /** Parts of the body besides model, input and stream. */
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

export const planPath = '/backend-api/codex/responses';

/** Sends one request to the Responses API, at the server of the account's kind. */
export function ask(simulator: OpenAiSimulator, options: Ask = {}): Promise<Response> {
  const { as = 'key', prompt = 'hi' } = options;
  const isPlan = as === 'work' || as === 'home';
  const stream = options.stream ?? isPlan;
  const body = { model: 'gpt-6.1-sol', input: prompt, stream, ...(isPlan ? { store: false } : {}), ...options.body };
  return fetch(`${simulator.url}${options.path ?? (isPlan ? planPath : '/v1/responses')}`, {
    method: 'POST',
    headers: { ...credentialHeaders(simulator, as), 'content-type': 'application/json', ...options.headers },
    body: JSON.stringify(body),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

export interface SimulatedEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The events of a stream, in order. */
export function eventsOf(stream: string): SimulatedEvent[] {
  return [...stream.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as SimulatedEvent);
}

/** The answer's text in a stream, or in the frames of a WebSocket. */
export function textOf(events: readonly SimulatedEvent[]): string {
  return events.map((event) => (event.type === 'response.output_text.delta' ? String(event['delta']) : '')).join('');
}

export interface SimulatedResponse {
  readonly id: string;
  readonly output: readonly { readonly id: string; readonly type: string; readonly [field: string]: unknown }[];
}

/** The response that the last event holds. */
export function responseOf(events: readonly SimulatedEvent[]): SimulatedResponse {
  return Object(events.at(-1)?.['response']) as SimulatedResponse;
}

/** Reads a body to its end or to its break. */
export async function readBroken(response: Response): Promise<{ text: string; broken: boolean }> {
  let text = '';
  const decoder = new TextDecoder();
  if (response.body === null) return { text, broken: false };
  try {
    for await (const bytes of response.body) text += decoder.decode(bytes, { stream: true });
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
}
