import { z } from 'zod';
import { windowChangeFields, windowFields } from '../provider/quota-window.ts';
import { paceFields } from '../provider/scenario.ts';
import { faultSchema } from './fault.ts';

/** Requests a minute, requests a day that ends at midnight Pacific time, input tokens a minute. */
export const windowNames = ['minute', 'day', 'input_tokens_minute'] as const;
export type WindowName = (typeof windowNames)[number];

const windowSchema = z.strictObject({
  name: z.enum(windowNames),
  /** Part of the name of the models that it counts, each on its own; every model when absent. */
  model: z.string().optional(),
  ...windowFields,
});

const serviceAccountSchema = z.strictObject({
  clientEmail: z.string().min(1),
  /** PEM of the RSA key that proves the account's assertions. */
  publicKey: z.string().min(1),
});

const credentialSchema = z
  .strictObject({
    /** An API key, or the access token of a Google login (`ya29.`). */
    secret: z.string().min(1).optional(),
    /** Gets a login a new access token at `/token`, any number of times. */
    refreshToken: z.string().min(1).optional(),
    /** Gets its tokens at `/token` in place of a secret. */
    serviceAccount: serviceAccountSchema.optional(),
    /** How long tokens live that `/token` gives. */
    tokenLifetimeSeconds: z.int().positive().default(3599),
    name: z.string().min(1),
    /** Credentials of one project share its windows; a project of its own when absent. */
    project: z.string().min(1).optional(),
    windows: z.array(windowSchema).default([]),
    /** Epoch ms. */
    expiresAt: z.int().positive().optional(),
    revoked: z.boolean().default(false),
  })
  .refine(({ secret, serviceAccount }) => (secret === undefined) !== (serviceAccount === undefined), {
    message: 'A credential has either a secret or a serviceAccount',
  });

const scenarioSchema = z.strictObject({
  credentials: z.array(credentialSchema).min(1),
  faults: z.array(faultSchema).default([]),
  models: z
    .array(z.string())
    .default([
      'gemini-3.1-pro-preview',
      'gemini-3.1-pro-preview-customtools',
      'gemini-3-pro-preview',
      'gemini-3-flash-preview',
      'gemini-3.8-flash',
      'gemini-3.5-flash',
      'gemini-3.5-flash-lite',
      'gemini-3.1-flash-lite',
      'gemini-2.5-pro',
      'gemini-2.5-flash',
      'gemini-2.5-flash-lite',
      'gemini-embedding-001',
    ]),
  ...paceFields,
});

/** A change to one credential at run time; its windows are its project's. */
export const credentialChangeSchema = z.strictObject({
  windows: z
    .array(z.strictObject({ name: z.enum(windowNames), model: z.string().optional(), ...windowChangeFields }))
    .default([]),
  expiresAt: z.int().positive().nullable().optional(),
  revoked: z.boolean().optional(),
  /** Lets the tokens that were got so far expire. */
  tokensExpired: z.boolean().default(false),
});

export type WindowOptions = z.infer<typeof windowSchema>;
export type WindowChange = z.infer<typeof credentialChangeSchema>['windows'][number];
export type ServiceAccount = z.infer<typeof serviceAccountSchema>;
export type CredentialOptions = z.infer<typeof credentialSchema>;
export type GoogleScenario = z.infer<typeof scenarioSchema>;
/** A scenario as written: what has a default may be absent. */
export type GoogleScenarioInput = z.input<typeof scenarioSchema>;
export type GoogleCredentialChange = z.input<typeof credentialChangeSchema>;

/** Throws zod's error, which names the wrong field. */
export function parseScenario(input: unknown): GoogleScenario {
  return scenarioSchema.parse(input);
}
