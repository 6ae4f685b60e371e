import { z } from 'zod';

const partSchema = z.looseObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  functionResponse: z.looseObject({ id: z.string().optional(), name: z.string().optional() }).optional(),
});
const contentSchema = z.looseObject({ role: z.string().optional(), parts: z.array(partSchema).default([]) });
const toolSchema = z.looseObject({
  functionDeclarations: z.array(z.looseObject({ name: z.string() })).optional(),
});

const contentRequestSchema = z.looseObject({
  contents: z.array(contentSchema).min(1),
  tools: z.array(toolSchema).optional(),
  generationConfig: z
    .looseObject({ responseJsonSchema: z.unknown().optional(), responseSchema: z.unknown().optional() })
    .optional(),
  session_id: z.string().optional(),
});

const codeAssistRequestSchema = z.looseObject({
  model: z.string().min(1),
  project: z.string().optional(),
  request: contentRequestSchema,
});

/** The parts of a request for content that decide the answer. */
export type ContentRequest = z.infer<typeof contentRequestSchema>;
export type Content = z.infer<typeof contentSchema>;

/** What Gemini CLI with a Google login wraps around a request for content. */
export type CodeAssistRequest = z.infer<typeof codeAssistRequestSchema>;

/** Parses a body; a string says, in the provider's words, what is wrong. */
export function parseContentRequest(body: Buffer): ContentRequest | string {
  return parse(body, contentRequestSchema);
}

/** Parses a Code Assist body; a string says, in the provider's words, what is wrong. */
export function parseCodeAssistRequest(body: Buffer): CodeAssistRequest | string {
  return parse(body, codeAssistRequestSchema);
}

function parse<Shape extends z.ZodType>(body: Buffer, schema: Shape): z.infer<Shape> | string {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    return 'Invalid JSON payload received. Unexpected token.';
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `* GenerateContentRequest.${issue?.path.join('.')}: ${issue?.path.at(-1) === 'contents' ? 'contents is not specified' : issue?.message}\n`;
}
