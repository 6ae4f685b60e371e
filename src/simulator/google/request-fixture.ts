import { type GoogleSimulator, type GoogleSimulatorOptions, startGoogleSimulator } from './simulator.ts';

export const keySecret = 'AIza-test-key';
export const loginSecret = 'ya29.test-login';

/** 2026-11-21T00:00:00Z, where the clock of a test starts: 16:00 on the day before in Pacific time. */
export const startedAt = 1_795_219_200_000;

/** A simulator on a clock that only the test moves. */
export interface Fixture {
  readonly simulator: GoogleSimulator;
  readonly clock: { now: number };
}

export function startFixture(options: Partial<GoogleSimulatorOptions> = {}): Fixture {
  const clock = { now: startedAt };
  const scenario = {
    credentials: [
      { secret: keySecret, name: 'key', project: 'shop' },
      { secret: loginSecret, name: 'login', project: 'own-login' },
    ],
  };
  return { clock, simulator: startGoogleSimulator({ scenario, now: () => clock.now, ...options }) };
}

export interface Ask {
  readonly secret?: string;
  readonly model?: string;
  readonly prompt?: string;
  /** `sse` and `array` stream, each in its framing. */
  readonly stream?: 'sse' | 'array' | 'no';
  readonly path?: string;
  readonly signal?: AbortSignal;
  /** Parts of the body besides the prompt. */
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

const methods = {
  sse: 'streamGenerateContent?alt=sse',
  array: 'streamGenerateContent',
  no: 'generateContent',
} as const;

/** Sends one request for content to the API that the secret's kind belongs to. */
export function ask(simulator: GoogleSimulator, options: Ask = {}): Promise<Response> {
  const { secret = keySecret, model = 'gemini-2.5-pro', prompt = 'hi', stream = 'no' } = options;
  const login = secret.startsWith('ya29.');
  const content = { contents: [{ role: 'user', parts: [{ text: prompt }] }], ...options.body };
  const path = login ? `/v1internal:${methods[stream]}` : `/v1beta/models/${model}:${methods[stream]}`;
  return fetch(`${simulator.url}${options.path ?? path}`, {
    method: 'POST',
    headers: {
      ...(login ? { authorization: `Bearer ${secret}` } : { 'x-goog-api-key': secret }),
      'content-type': 'application/json',
      ...options.headers,
    },
    body: JSON.stringify(login ? { model, project: 'own-login', request: content } : content),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** The elements of a stream in the events' framing. */
export function elementsOf(stream: string): unknown[] {
  return [...stream.matchAll(/^data: (.*)\r$/gm)].map(([, json]): unknown => JSON.parse(json ?? ''));
}

interface Element {
  readonly candidates?: readonly { content: { parts: readonly { text?: string }[] } }[];
}

export function textOf(elements: readonly unknown[]): string {
  return (elements as Element[])
    .flatMap(({ candidates = [] }) => candidates.flatMap(({ content }) => content.parts))
    .map(({ text }) => text ?? '')
    .join('');
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
