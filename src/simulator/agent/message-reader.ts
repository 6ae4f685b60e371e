import { z } from 'zod';
import { readSse } from './sse-reader.ts';

const contentBlockSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown()) }),
]);

const messageSchema = z.object({ content: z.array(contentBlockSchema), stop_reason: z.string().nullable() });

const deltaSchema = z.union([
  z.object({ type: z.literal('text_delta'), text: z.string() }),
  z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
]);

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start') }),
  z.object({ type: z.literal('ping') }),
  z.object({ type: z.literal('content_block_start'), content_block: contentBlockSchema }),
  z.object({ type: z.literal('content_block_delta'), delta: deltaSchema }),
  z.object({ type: z.literal('content_block_stop') }),
  z.object({ type: z.literal('message_delta'), delta: z.object({ stop_reason: z.string().nullable() }) }),
  z.object({ type: z.literal('message_stop') }),
  z.object({ type: z.literal('error'), error: z.object({ type: z.string(), message: z.string() }) }),
]);

export type AssistantBlock = z.infer<typeof contentBlockSchema>;

export interface AssistantMessage {
  readonly content: readonly AssistantBlock[];
  readonly stopReason: string | null;
}

/** A stream that told of an error, or ended before its message did. */
export class BrokenStream extends Error {}

/** Reads a whole message; throws when the body is cut or is no message. */
export async function readMessage(response: Response): Promise<AssistantMessage> {
  const { content, stop_reason: stopReason } = messageSchema.parse(await response.json());
  return { content, stopReason };
}

/** Reads a streamed message and tells each text as it comes; throws `BrokenStream`, or the socket's own error. */
export async function readStreamedMessage(
  response: Response,
  onText: (text: string) => void,
): Promise<AssistantMessage> {
  if (response.body === null) throw new BrokenStream('the stream has no body');
  const content: AssistantBlock[] = [];
  let inputJson = '';
  let stopReason: string | null = null;
  for await (const { data } of readSse(response.body)) {
    const event = eventSchema.parse(JSON.parse(data));
    switch (event.type) {
      case 'content_block_start':
        content.push(event.content_block);
        inputJson = '';
        break;
      case 'content_block_delta': {
        if (event.delta.type === 'input_json_delta') inputJson += event.delta.partial_json;
        else {
          appendText(content, event.delta.text);
          onText(event.delta.text);
        }
        break;
      }
      case 'content_block_stop':
        if (inputJson !== '') completeInput(content, inputJson);
        break;
      case 'message_delta':
        stopReason = event.delta.stop_reason;
        break;
      case 'message_stop':
        return { content, stopReason };
      case 'error':
        throw new BrokenStream(`${event.error.type}: ${event.error.message}`);
      case 'message_start':
      case 'ping':
        break;
    }
  }
  throw new BrokenStream('the stream ended without message_stop');
}

function appendText(content: AssistantBlock[], text: string): void {
  const last = content.at(-1);
  if (last?.type === 'text') last.text += text;
}

function completeInput(content: AssistantBlock[], json: string): void {
  const last = content.at(-1);
  if (last?.type === 'tool_use') last.input = z.record(z.string(), z.unknown()).parse(JSON.parse(json));
}
