import { post, type Protocol } from './protocol.ts';

/** Anthropic's Messages, as Claude Code asks. */
export const messages: Protocol = {
  name: 'messages',
  title: 'Messages',
  provider: 'anthropic',
  agent: 'claude',
  door: '/anthropic',
  secretOf: (name) => `sk-ant-oat01-test-${name}`,
  window: 'five_hour',
  request: (way, { streamed, prompt, session, direct }) =>
    post(way, '/v1/messages', {
      headers: [
        'accept: application/json',
        'accept-encoding: gzip, deflate, br, zstd',
        `anthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14${direct === true ? ',oauth-2025-04-20' : ''}`,
        'anthropic-version: 2023-06-01',
        `authorization: Bearer ${way.token}`,
        'user-agent: claude-cli/2.1.197 (external, cli)',
        'x-app: cli',
        `x-claude-code-session-id: ${session}`,
        'x-stainless-lang: js',
        'x-stainless-retry-count: 0',
        'x-stainless-timeout: 600',
      ],
      body: {
        model: 'claude-sonnet-4-5',
        max_tokens: 32_000,
        stream: streamed,
        messages: [{ role: 'user', content: prompt }],
      },
    }),
  completeDeltas(body) {
    const text = body.toString();
    if (!text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')) return -1;
    return text.split('event: content_block_delta\n').length - 1;
  },
};
