import type { Target } from './connection.ts';

export type Message = {
  readonly streamed: boolean;
  readonly prompt: string;
  readonly token: string;
  readonly session: string;
  /** The token goes to the provider itself, which asks for this beta; the gateway adds it. */
  readonly direct?: boolean;
};

/** Renders a message request with the headers that Claude Code sends. */
export function messageRequest({ port, path }: Target, message: Message): Buffer {
  const body = JSON.stringify({
    model: 'claude-sonnet-4-5',
    max_tokens: 32_000,
    stream: message.streamed,
    messages: [{ role: 'user', content: message.prompt }],
  });
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'accept: application/json',
    'accept-encoding: gzip, deflate, br, zstd',
    `anthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14${message.direct === true ? ',oauth-2025-04-20' : ''}`,
    'anthropic-version: 2023-06-01',
    `authorization: Bearer ${message.token}`,
    'connection: keep-alive',
    'content-type: application/json',
    'user-agent: claude-cli/2.1.197 (external, cli)',
    'x-app: cli',
    `x-claude-code-session-id: ${message.session}`,
    'x-stainless-lang: js',
    'x-stainless-retry-count: 0',
    'x-stainless-timeout: 600',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** A prompt of words of about this size. */
export function words(sizeBytes: number): string {
  return 'word '.repeat(Math.max(1, Math.round(sizeBytes / 5)));
}
