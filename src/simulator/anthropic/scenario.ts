import { z } from 'zod';
import { windowChangeFields, windowFields } from '../provider/quota-window.ts';
import { paceFields } from '../provider/scenario.ts';
import { faultSchema } from './fault.ts';

export const subscriptionWindowNames = [
  'five_hour',
  'seven_day',
  'seven_day_opus',
  'seven_day_sonnet',
  'seven_day_overage_included',
] as const;
export const keyWindowNames = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;

export type SubscriptionWindowName = (typeof subscriptionWindowNames)[number];
export type KeyWindowName = (typeof keyWindowNames)[number];
export type WindowName = SubscriptionWindowName | KeyWindowName;

const windowSchema = z.strictObject({
  name: z.enum([...subscriptionWindowNames, ...keyWindowNames]),
  ...windowFields,
});

const overageSchema = z.enum(['none', 'allowed', 'out_of_credits', 'spend_cap']);

/** A login whose access token ends: `secret` is the first one. */
const loginSchema = z.strictObject({
  refreshToken: z.string().min(1),
  lifetimeMs: z
    .int()
    .positive()
    .default(8 * 3_600_000),
  /** Whether a refresh token is spent by its first use. */
  singleUse: z.boolean().default(true),
  scopes: z.array(z.string()).default(['user:inference', 'user:profile']),
});

const credentialSchema = z.strictObject({
  secret: z.string().min(1),
  name: z.string().min(1),
  windows: z.array(windowSchema).default([]),
  overage: overageSchema.default('none'),
  /** Sends the weekly windows of Opus and Sonnet in headers of their own, as public clients parse them; else they show only as the claim. */
  familyHeaders: z.boolean().default(false),
  /** Epoch ms. */
  expiresAt: z.int().positive().optional(),
  revoked: z.boolean().default(false),
  login: loginSchema.optional(),
});

const scenarioSchema = z.strictObject({
  credentials: z.array(credentialSchema).min(1),
  faults: z.array(faultSchema).default([]),
  models: z
    .array(z.string())
    .default(['claude-opus-4-8', 'claude-sonnet-5', 'claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-fable-5']),
  ...paceFields,
});

/** A change to one credential at run time; a window is named and only what is given changes. */
export const credentialChangeSchema = z.strictObject({
  windows: z.array(z.strictObject({ name: windowSchema.shape.name, ...windowChangeFields })).default([]),
  overage: overageSchema.optional(),
  expiresAt: z.int().positive().nullable().optional(),
  revoked: z.boolean().optional(),
  /** Of a login: refuses every renewal, or ends the access tokens that are out. */
  login: z
    .strictObject({ dead: z.boolean().optional(), ended: z.literal(true).optional(), lifetimeMs: z.int().optional() })
    .optional(),
});

export type Overage = z.infer<typeof overageSchema>;
export type WindowOptions = z.infer<typeof windowSchema>;
export type CredentialOptions = z.infer<typeof credentialSchema>;
export type Scenario = z.infer<typeof scenarioSchema>;
/** A scenario as written: what has a default may be absent. */
export type ScenarioInput = z.input<typeof scenarioSchema>;
export type CredentialChange = z.input<typeof credentialChangeSchema>;

/** Throws zod's error, which names the wrong field. */
export function parseScenario(input: unknown): Scenario {
  return scenarioSchema.parse(input);
}
