// What a document of OpenAPI 3.1 may look like.
import { z } from 'zod';

const reference = z.strictObject({ $ref: z.string() });
const schema = z.record(z.string(), z.unknown());
const content = z.record(z.string(), z.strictObject({ schema }));
const parameter = z.strictObject({
  name: z.string().min(1),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean(),
  schema,
});
const response = z.strictObject({
  description: z.string().min(1),
  headers: z.record(z.string(), z.strictObject({ description: z.string().optional(), schema })).optional(),
  content: content.optional(),
});
const security = z.array(z.record(z.string(), z.array(z.string())));
const described = z.strictObject({
  operationId: z.string().regex(/^[\w.-]+$/),
  summary: z.string().min(5),
  tags: z.array(z.string()).optional(),
  security: security.optional(),
  parameters: z.array(parameter).optional(),
  requestBody: z.strictObject({ required: z.boolean(), content }).optional(),
  responses: z.record(z.string().regex(/^([1-5]\d\d|default)$/), z.union([reference, response])),
});
/** OpenAPI 3.1, as far as the document goes. */
export const openApi = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.array(z.strictObject({ url: z.string() })),
  tags: z.array(z.strictObject({ name: z.string() })),
  security,
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), described),
  ),
  components: z.strictObject({
    securitySchemes: z.strictObject({
      token: z.strictObject({ type: z.literal('http'), scheme: z.literal('bearer'), description: z.string() }),
      browser: z.strictObject({
        ...{ type: z.literal('apiKey'), in: z.literal('cookie') },
        ...{ name: z.string(), description: z.string() },
      }),
    }),
    schemas: z.record(z.string().regex(/^[\w.-]+$/), schema),
    responses: z.record(z.string(), response),
  }),
});

/** One method of one path. */
export type Described = { readonly method: string; readonly path: string; readonly item: z.infer<typeof described> };

/** Every method of every path. */
export function methodsOf({ paths }: z.infer<typeof openApi>): Described[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, item]) => ({ method: method.toUpperCase(), path, item })),
  );
}
