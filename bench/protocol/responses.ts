import { post, type Protocol } from './protocol.ts';

/** OpenAI's Responses over HTTP, as Codex asks with a key. */
export const responses: Protocol = {
  name: 'responses',
  title: 'Responses',
  provider: 'openai',
  agent: 'codex',
  door: '/openai',
  secretOf: (name) => `sk-test-${name}`,
  window: 'requests',
  request: (way, { streamed, prompt, session }) =>
    post(way, '/v1/responses', {
      headers: [
        `accept: ${streamed ? 'text/event-stream' : 'application/json'}`,
        `authorization: Bearer ${way.token}`,
        'originator: codex_exec',
        'user-agent: codex_exec/0.169.0 (Linux; x86_64)',
        `session-id: ${session}`,
        `thread-id: ${session}`,
        `x-client-request-id: ${session}`,
      ],
      body: responsesBody({ streamed, prompt, session }),
    }),
  completeDeltas(body) {
    const text = body.toString();
    if (
      !text.slice(text.lastIndexOf('\nevent: ')).startsWith('\nevent: response.completed\n') ||
      !text.endsWith('\n\n')
    )
      return -1;
    return text.split('event: response.output_text.delta\n').length - 1;
  },
};

/** The body that Codex sends, without its tools and instructions. */
export function responsesBody(question: { streamed: boolean; prompt: string; session: string }): object {
  return {
    model: 'gpt-6.1-sol',
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: question.prompt }] }],
    tool_choice: 'auto',
    parallel_tool_calls: false,
    store: false,
    stream: question.streamed,
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: question.session,
  };
}
