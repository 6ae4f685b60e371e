import { startAnthropicSimulator, type Simulator, type SimulatorOptions } from './simulator.ts';

export const keySecret = 'sk-ant-api03-test-key';
export const subscriptionSecret = 'sk-ant-oat01-test-subscription';

/** 2026-11-21T00:00:00Z, where the clock of a test starts. */
export const startedAt = 1_795_219_200_000;

/** A simulator on a clock that only the test moves. */
export interface Fixture {
  readonly simulator: Simulator;
  readonly clock: { now: number };
}

export function startFixture(options: Partial<SimulatorOptions> = {}): Fixture {
  const clock = { now: startedAt };
  const scenario = {
    credentials: [
      { secret: keySecret, name: 'key' },
      { secret: subscriptionSecret, name: 'subscription' },
    ],
  };
  return { clock, simulator: startAnthropicSimulator({ scenario, now: () => clock.now, ...options }) };
}

export interface Ask {
  readonly secret?: string;
  readonly model?: string;
  readonly prompt?: string;
  readonly stream?: boolean;
  readonly path?: string;
  readonly signal?: AbortSignal;
  /** Parts of the body besides model, prompt and stream. */
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** Sends one message request in the form that the secret's kind asks for. */
export function ask(simulator: Simulator, options: Ask = {}): Promise<Response> {
  const { secret = subscriptionSecret, model = 'claude-sonnet-4-5', prompt = 'hi', stream = false } = options;
  const credential: Record<string, string> = secret.startsWith('sk-ant-oat')
    ? { authorization: `Bearer ${secret}`, 'anthropic-beta': 'claude-code-20250219,oauth-2025-04-20' }
    : { 'x-api-key': secret };
  return fetch(`${simulator.url}${options.path ?? '/v1/messages?beta=true'}`, {
    method: 'POST',
    headers: {
      ...credential,
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      ...options.headers,
    },
    body: JSON.stringify({
      model,
      max_tokens: 100,
      messages: [{ role: 'user', content: prompt }],
      ...(stream ? { stream } : {}),
      ...options.body,
    }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** The limit headers of an answer, `retry-after` and `x-should-retry` included. */
export function limitHeadersOf(response: Response): Record<string, string> {
  const isLimit = ([name]: [string, string]): boolean =>
    name.startsWith('anthropic-ratelimit-') || name === 'retry-after' || name === 'x-should-retry';
  return Object.fromEntries([...response.headers].filter(isLimit));
}

/** The `event:` names of a stream, in order. */
export function eventNames(stream: string): string[] {
  return [...stream.matchAll(/^event: (.*)$/gm)].map(([, name]) => name ?? '');
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
