import { z } from 'zod';
import { limitSources } from '../core/limit/limit.ts';
import { overagePolicies, strategies } from '../core/pool/pool.ts';

/** Epoch milliseconds. */
const moment = z.number().describe('Epoch milliseconds');

const limitShape = z.object({
  window: z.string().describe('As the provider names it'),
  family: z.string().nullable().describe('The model family that is closed; null for all models'),
  overage: z.boolean().describe('Served for extra money: closes the account where the pool’s policy says so'),
  until: moment,
  source: z.enum(limitSources),
  observedAt: moment,
  evidence: z.string(),
});

const windowShape = z.object({
  window: z.string(),
  family: z.string().nullable(),
  utilization: z.number().nullable().describe('0 to 1'),
  resetsAt: moment.nullable(),
  observedAt: moment,
});

export const accountShape = z.object({
  id: z.string(),
  provider: z.string(),
  label: z.string(),
  credential: z.string().describe('The kind of credential; the secret itself is never shown'),
  baseUrl: z.string().nullable(),
  profile: z.string().nullable().describe('The login directory of an account that only its own CLI uses'),
  project: z.string().nullable().describe('Accounts with the same project share its quota'),
  maxConcurrent: z.number().nullable().describe('Requests that may be in flight at once'),
  state: z
    .enum(['open', 'overage', 'partly-closed', 'closed', 'resting', 'disabled', 'needs-login'])
    .describe('overage: served for extra money; what a pool makes of that is in its `next`'),
  until: moment.nullable().describe('When the state ends by itself'),
  reason: z.string().nullable(),
  mend: z.string().nullable().describe('What to do about an account that needs a login'),
  inFlight: z.number(),
  notRenewed: z
    .object({ detail: z.string(), retryAt: moment })
    .nullable()
    .describe('Why its login could not be renewed, and from when on that is tried again'),
  limits: z.array(limitShape).describe('Limits that close something at this moment'),
  windows: z.array(windowShape).describe('How full the windows are, as responses told'),
  addedAt: moment,
});

const skippedShape = z.object({
  account: z.string(),
  reason: z.string(),
  until: moment.nullable(),
  window: z.string().nullable(),
  refusal: z.string().optional().describe('What the provider said, where waiting does not mend it'),
});

const nextShape = z.object({
  model: z.string().nullable().describe('The model or family asked for; null for one that no family limit covers'),
  kind: z.enum(['use', 'wait', 'none']),
  account: z.string().nullable(),
  until: moment.nullable(),
  skipped: z.array(skippedShape),
});

export const poolShape = z.object({
  name: z.string(),
  provider: z.string(),
  accounts: z.array(z.string()).describe('In the order of preference'),
  strategy: z.enum(strategies),
  overage: z.enum(overagePolicies),
  pinned: z.string().nullable(),
  shareSessions: z.boolean().describe('Whether profiles of its accounts share their transcripts'),
  current: z.string().nullable().describe('Where the strategy sticky goes on'),
  exhausted: z.array(z.object({ family: z.string().nullable(), since: moment })),
  next: z.array(nextShape).describe('What the next request of a new session would use'),
});

export const sessionShape = z.object({
  id: z.string(),
  pool: z.string(),
  account: z.string(),
  startedAt: moment,
  movedAt: moment,
  seenAt: moment.describe('To the hour'),
  moves: z.number(),
});

export const findingShape = z.object({
  check: z.string(),
  ok: z.boolean(),
  detail: z.string(),
  hint: z.string().nullable(),
});

export const statusShape = z.object({
  daemon: z.object({
    version: z.string(),
    pid: z.number(),
    home: z.string(),
    startedAt: z.number(),
    controlPort: z.number(),
    agentPort: z.number(),
    activeRequests: z.number(),
    degraded: z
      .object({ since: z.number(), reason: z.string() })
      .nullable()
      .describe('Why nothing can be stored; requests go on from memory'),
    setAside: z.string().nullable().describe('Where a damaged database was put at the start'),
  }),
  accounts: z.array(accountShape),
  pools: z.array(poolShape),
  sessions: z.number(),
  now: z.number(),
});

/** What surfaces get of an account, a pool, whom its next request uses, a session, a check, and of all of it together. */
export type AccountView = z.infer<typeof accountShape>;
export type PoolView = z.infer<typeof poolShape>;
export type NextView = z.infer<typeof nextShape>;
export type SessionView = z.infer<typeof sessionShape>;
export type Finding = z.infer<typeof findingShape>;
export type StatusView = z.infer<typeof statusShape>;
