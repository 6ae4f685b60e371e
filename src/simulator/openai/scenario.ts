import { z } from 'zod';
import { windowChangeFields, windowFields } from '../provider/quota-window.ts';
import { paceFields } from '../provider/scenario.ts';
import { faultSchema } from './fault.ts';

const planWindowNames = ['primary', 'secondary', 'bengalfox_primary', 'bengalfox_secondary'] as const;
const keyWindowNames = ['requests', 'tokens'] as const;

export type PlanWindowName = (typeof planWindowNames)[number];
export type KeyWindowName = (typeof keyWindowNames)[number];
export type WindowName = PlanWindowName | KeyWindowName;

const windowNameSchema = z.enum([...planWindowNames, ...keyWindowNames]);

const windowSchema = z.strictObject({
  ...windowFields,
  name: windowNameSchema,
  /** What a window of a plan counts. */
  counts: z.enum(['requests', 'tokens']).default('requests'),
});

/** Why a workspace is closed, as the `rate-limit-reached-type` header says it. */
export const workspaceClosings = [
  'workspace_owner_credits_depleted',
  'workspace_member_credits_depleted',
  'workspace_owner_usage_limit_reached',
  'workspace_member_usage_limit_reached',
] as const;

const standingFields = {
  windows: z.array(windowSchema).default([]),
  revoked: z.boolean().default(false),
  /** Answers every request with `insufficient_quota`. */
  outOfCredit: z.boolean().default(false),
};

const keySchema = z.strictObject({
  kind: z.literal('api_key').default('api_key'),
  secret: z.string().min(1),
  name: z.string().min(1),
  /** Headers that name another organization or project are refused. */
  organization: z.string().optional(),
  project: z.string().optional(),
  ...standingFields,
});

const planSchema = z.strictObject({
  kind: z.literal('plan'),
  name: z.string().min(1),
  accountId: z.string().min(1),
  planType: z.string().default('plus'),
  /** The first refresh token; each refresh gives another. */
  refreshToken: z.string().min(1).optional(),
  /** How long an access token lives; ten days, as the real ones do. */
  lifetimeMs: z.int().positive().default(864_000_000),
  /** Whether Codex belongs to the plan. */
  included: z.boolean().default(true),
  /** Bought credits: a used up window does not refuse while there are some. */
  credits: z.enum(['none', 'some', 'unlimited']).default('none'),
  workspaceClosing: z.enum(workspaceClosings).optional(),
  ...standingFields,
});

const scenarioSchema = z.strictObject({
  credentials: z.array(z.union([planSchema, keySchema])).min(1),
  faults: z.array(faultSchema).default([]),
  models: z
    .array(z.string())
    .default([
      'gpt-6.1-sol',
      'gpt-6-luna',
      'gpt-5.3-codex-spark',
      'gpt-5.1-codex',
      'gpt-5.1',
      'text-embedding-3-small',
    ]),
  /** Whether reasoning that another account's answer held is refused. */
  foreignReasoning: z.enum(['refuse', 'accept']).default('refuse'),
  /** Puts a reasoning item before every answer of the Responses API. */
  reasoning: z.boolean().default(true),
  /** What `accounts/check` says of where a plan's requests belong: Codex refuses a backend on plain http unless this is an https origin. */
  workspaceOrigin: z.string().default('https://chatgpt.com'),
  ...paceFields,
});

/** A change to one credential at run time; a window is named and only what is given changes. */
export const credentialChangeSchema = z.strictObject({
  windows: z.array(z.strictObject({ name: windowNameSchema, ...windowChangeFields })).default([]),
  revoked: z.boolean().optional(),
  outOfCredit: z.boolean().optional(),
  included: z.boolean().optional(),
  credits: planSchema.shape.credits.optional(),
  workspaceClosing: z.enum(workspaceClosings).nullable().optional(),
  planType: z.string().optional(),
  /** `expired` ends the access tokens of a plan, `revoked` invalidates them, `dead` refuses its refreshes too. */
  login: z.enum(['expired', 'revoked', 'dead']).optional(),
  lifetimeMs: z.int().positive().optional(),
});

export type WorkspaceClosing = (typeof workspaceClosings)[number];
export type WindowOptions = z.infer<typeof windowSchema>;
export type KeyOptions = z.infer<typeof keySchema>;
export type PlanOptions = z.infer<typeof planSchema>;
export type Scenario = z.infer<typeof scenarioSchema>;
/** A scenario as written: what has a default may be absent. */
export type ScenarioInput = z.input<typeof scenarioSchema>;
export type CredentialChange = z.input<typeof credentialChangeSchema>;

/** Throws zod's error, which names the wrong field. */
export function parseScenario(input: unknown): Scenario {
  return scenarioSchema.parse(input);
}
