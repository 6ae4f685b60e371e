import { z } from 'zod';

const partSchema = z.looseObject({ type: z.string().optional(), text: z.string().optional() });

interface OfferedTool {
  readonly type: string;
  readonly name?: string | undefined;
  readonly tools?: readonly OfferedTool[] | undefined;
}

const toolSchema: z.ZodType<OfferedTool> = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  get tools(): z.ZodOptional<z.ZodArray<z.ZodType<OfferedTool>>> {
    return z.array(toolSchema).optional();
  },
});

const itemSchema = z.looseObject({
  type: z.string().optional(),
  id: z.string().nullish(),
  role: z.string().optional(),
  content: z.union([z.string(), z.array(partSchema)]).nullish(),
  encrypted_content: z.string().nullish(),
  tools: z.array(toolSchema).optional(),
});

const formatSchema = z.looseObject({
  type: z.string().optional(),
  schema: z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() }).optional(),
});

const requestSchema = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(itemSchema)]).default([]),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  include: z.array(z.string()).nullish(),
  previous_response_id: z.string().nullish(),
  tools: z.array(toolSchema).nullish(),
  text: z.looseObject({ format: formatSchema.nullish() }).nullish(),
  /** False in the warm-up of a WebSocket: nothing is answered. */
  generate: z.boolean().nullish(),
});

/** The parts of a request to the Responses API that decide the answer. */
export type ResponsesRequest = z.infer<typeof requestSchema>;
export type InputItem = z.infer<typeof itemSchema>;
export type { OfferedTool };

/** What is wrong with a request, in the provider's words. */
export interface BodyProblem {
  readonly kind: 'problem';
  readonly message: string;
  readonly param: string | null;
}

/** Parses a body by a schema. */
export function parseBody<Request>(
  schema: z.ZodType<Request>,
  body: string,
): { kind: 'request'; request: Request } | BodyProblem {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { kind: 'problem', message: 'We could not parse the JSON body of your request.', param: null };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { kind: 'request', request: parsed.data };
  const [issue] = parsed.error.issues;
  const param = issue === undefined || issue.path.length === 0 ? null : issue.path.join('.');
  const missing = issue?.code === 'invalid_type' && issue.message.includes('undefined');
  const message = missing
    ? `Missing required parameter: '${param}'.`
    : `Invalid value for '${param}': ${issue?.message}.`;
  return { kind: 'problem', message, param };
}

export function parseResponsesRequest(body: string): { kind: 'request'; request: ResponsesRequest } | BodyProblem {
  return parseBody(requestSchema, body);
}

export function inputItems({ input }: ResponsesRequest): readonly InputItem[] {
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input;
}
