import { z } from 'zod';
import { limitSources } from '../core/limit/limit.ts';
import { overagePolicies, strategies } from '../core/pool/pool.ts';

/** Epoch milliseconds. */
const moment = z.number().describe('Epoch milliseconds');

export const limitShape = z.object({
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

export const skippedShape = z.object({
  account: z.string(),
  reason: z.string(),
  until: moment.nullable(),
  window: z.string().nullable(),
  refusal: z.string().optional().describe('What the provider said, where waiting does not mend it'),
});

const waitsFor = z
  .object({ account: z.string(), upToMs: z.number() })
  .optional()
  .describe('The account that is open and only busy, for which a request waits, and for how long at most');

const nextShape = z.object({
  model: z.string().nullable().describe('The model or family asked for; null for one that no family limit covers'),
  kind: z.enum(['use', 'wait', 'none']),
  account: z.string().nullable(),
  until: moment.nullable(),
  waitsFor,
  skipped: z.array(skippedShape),
});

const resetShape = z.object({
  family: z.string().nullable(),
  state: z
    .enum(['due', 'running', 'waiting', 'resumed', 'silent', 'failed'])
    .describe('waiting: the command ended well, and a request of the agent is to prove it'),
  target: z.string(),
  at: moment,
  ranAt: moment.nullable(),
  detail: z.string().nullable(),
});

const episodeShape = z.object({
  family: z.string().nullable().describe('The model family that nobody serves; null for all models'),
  since: moment,
  state: z
    .enum(['exhausted', 'retrying'])
    .describe('retrying: an account would be asked now, and no request has been served yet'),
  nextTryAt: moment.nullable().describe('When an account may open; null where no time is known, and while retrying'),
});

export const poolShape = z.object({
  name: z.string(),
  provider: z.string(),
  accounts: z.array(z.string()).describe('In the order of preference'),
  strategy: z.enum(strategies),
  overage: z.enum(overagePolicies),
  pinned: z.string().nullable(),
  shareSessions: z.boolean().describe('Whether profiles of its accounts share their transcripts'),
  holdSeconds: z.number().nullable().describe('How long a request may be held; null for what its agent was given'),
  probe: z.boolean().describe('Whether one cheap request may find out that it has recovered'),
  authResetTarget: z.string().describe('What the agent’s reset command is given on recovery; empty for no reset'),
  current: z.string().nullable().describe('Where the strategy sticky goes on'),
  exhausted: z.array(episodeShape).describe('Its episodes that last'),
  resets: z.array(resetShape).describe('Auth resets that recoveries entailed and whose end is not known yet'),
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

export const requestShape = z.object({
  id: z.string(),
  account: z.string().nullable().describe('The account that it was sent to last'),
  session: z.string(),
  pool: z.string(),
  model: z.string().nullable(),
  path: z.string(),
  since: moment,
  streamed: z.boolean(),
  held: z.boolean().describe('Whether it waits for an account to open'),
  heldUntil: moment.nullable(),
});

/** One of the audit trail. */
export const recordShape = z.object({
  id: z.number().describe('Increases; a cursor'),
  at: moment,
  kind: z.string().describe('An operation, or an event such as account.limited or pool.exhausted'),
  surface: z.string(),
  actor: z.string(),
  subject: z.string(),
  outcome: z.string().describe('done, or the code of the problem'),
  detail: z.string().nullable(),
});

export const explanationShape = z.object({
  pool: z.string(),
  model: z.string().nullable(),
  session: z.string().nullable(),
  kind: z.enum(['use', 'wait', 'none']),
  account: z.string().nullable(),
  until: moment.nullable().describe('When somebody may open'),
  waitsFor,
  probe: z.boolean().describe('Whether it would find out if a long cooldown is really over'),
  affinity: z.string().nullable().describe('The account that the session stays on while it is open'),
  pinned: z.string().nullable(),
  strategy: z.enum(strategies),
  skipped: z.array(skippedShape.extend({ sentence: z.string() })),
  sentence: z.string().describe('All of it in words'),
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
    controlUrl: z.string().describe('Where somebody on this machine reaches the control API'),
    agentUrl: z.string().describe('Where agents on this machine reach the gateway'),
    activeRequests: z.number(),
    degraded: z
      .object({ since: z.number(), reason: z.string() })
      .nullable()
      .describe('Why nothing can be stored; requests go on from memory'),
    setAside: z.string().nullable().describe('Where a damaged database was put at the start'),
    pendingRestart: z.array(z.string()).describe('Settings whose new value acts after a restart'),
    refusedSettings: z.array(z.string()).describe('What is wrong in config.toml; what it said before acts'),
    channels: z.array(z.string()).describe('What notices are told on'),
  }),
  accounts: z.array(accountShape),
  pools: z.array(poolShape),
  sessions: z.number(),
  now: z.number(),
});

/** What surfaces get of an account, a pool, whom its next request uses, a session, a check, and of all of it together. */
export type AccountView = z.infer<typeof accountShape>;
export type PoolView = z.infer<typeof poolShape>;
export type EpisodeView = z.infer<typeof episodeShape>;
export type NextView = z.infer<typeof nextShape>;
export type RequestView = z.infer<typeof requestShape>;
export type RecordView = z.infer<typeof recordShape>;
export type Explanation = z.infer<typeof explanationShape>;
export type LimitView = z.infer<typeof limitShape>;
export type SessionView = z.infer<typeof sessionShape>;
export type Finding = z.infer<typeof findingShape>;
export type StatusView = z.infer<typeof statusShape>;
