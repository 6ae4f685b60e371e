import { z } from 'zod';

const blockSchema = z.looseObject({ type: z.string(), text: z.string().optional() });
const formatSchema = z.looseObject({
  type: z.string(),
  schema: z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() }).optional(),
});

const messageRequestSchema = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.number().optional(),
  stream: z.boolean().optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(blockSchema)]) })).min(1),
  tools: z.array(z.looseObject({ name: z.string().optional() })).optional(),
  output_config: z.looseObject({ format: formatSchema.nullish() }).optional(),
  output_format: formatSchema.nullish(),
});

/** The parts of a message request that decide the answer. */
export type MessageRequest = z.infer<typeof messageRequestSchema>;
export type ContentBlock = z.infer<typeof blockSchema>;

/** Parses a body; a string says, in the provider's words, what is wrong. */
export function parseMessageRequest(body: Buffer): MessageRequest | string {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    return 'The request body is not valid JSON.';
  }
  const parsed = messageRequestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const missing = issue?.code === 'invalid_type' && issue.message.includes('undefined');
  return `${issue?.path.join('.')}: ${missing ? 'Field required' : issue?.message}`;
}
