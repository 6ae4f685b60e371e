import type { AssistantBlock, AssistantMessage } from './message-reader.ts';

type UserBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_result'; readonly tool_use_id: string; readonly content: string };

type ConversationMessage =
  | { readonly role: 'user'; readonly content: readonly UserBlock[] }
  | { readonly role: 'assistant'; readonly content: readonly AssistantBlock[] };

const shellTool = {
  name: 'Bash',
  description: 'Runs a shell command.',
  input_schema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
};

/** What was said so far; every request carries all of it. */
export class Conversation {
  private readonly messages: ConversationMessage[] = [];

  prompt(text: string): void {
    this.messages.push({ role: 'user', content: [{ type: 'text', text }] });
  }

  answer({ content }: AssistantMessage): void {
    this.messages.push({ role: 'assistant', content });
  }

  toolResults(results: readonly { readonly id: string; readonly output: string }[]): void {
    const content = results.map(
      ({ id, output }) => ({ type: 'tool_result', tool_use_id: id, content: output }) as const,
    );
    this.messages.push({ role: 'user', content });
  }

  /** Renders the request body; like the CLI, a request that does not stream leaves the key out. */
  body(request: { model: string; sessionId: string; streamed: boolean }): string {
    return JSON.stringify({
      model: request.model,
      messages: this.messages,
      system: [{ type: 'text', text: 'You are an agent of the Stint demo.' }],
      tools: [shellTool],
      metadata: {
        user_id: JSON.stringify({ device_id: 'stint-demo', account_uuid: '', session_id: request.sessionId }),
      },
      max_tokens: 64_000,
      ...(request.streamed ? { stream: true } : {}),
    });
  }
}
