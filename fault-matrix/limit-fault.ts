import type { FaultRow, Strikes } from './fault.ts';

const movedAndClosed = { first: 'b', second: 'b', a: 'closed', b: 'open', sends: { a: 1, b: 2 } } as const;

const quota: Strikes = {
  anthropic: { fault: { kind: 'five_hour' } },
  'openai key': { fault: { kind: 'rate_limit_requests', resetInSeconds: 3600 } },
  'openai plan': { fault: { kind: 'usage_limit' } },
  google: { fault: { kind: 'key_rpd' } },
};

const credit: Strikes = {
  anthropic: { fault: { kind: 'low_credit' } },
  'openai key': { fault: { kind: 'insufficient_quota' } },
  'openai plan': { fault: { kind: 'workspace_owner_credits_depleted' } },
  google: { fault: { kind: 'credits' } },
};

const entitlement: Strikes = {
  anthropic: { fault: { kind: 'long_context_credits' } },
  'openai key': { fault: { kind: 'model_not_found' } },
  'openai plan': { fault: { kind: 'usage_not_included' } },
  google: { fault: { kind: 'key_zero' } },
};

/** Limits, money and rights of an account. */
export const limitFaults: readonly FaultRow[] = [
  {
    title: '429, quota with a reset',
    rule: 'The quota is used up until a time that the provider tells: the window closes until then, and the request goes to the next account before the agent has seen a byte.',
    strikes: quota,
    on: 'a',
    expect: movedAndClosed,
  },
  {
    title: '429, per-minute limit',
    rule: 'A limit that is over within a minute closes its window for that long, and costs one move to the next account.',
    strikes: {
      anthropic: { fault: { kind: 'org_rate_limit', resetInSeconds: 30 } },
      'openai key': { fault: { kind: 'rate_limit_tokens', resetInSeconds: 30 } },
      'openai plan': { fault: { kind: 'throttle', retryAfterSeconds: 30 } },
      google: { fault: { kind: 'key_rpm', resetInSeconds: 30 } },
    },
    on: 'a',
    expect: movedAndClosed,
  },
  {
    title: '429 without any limit in it',
    rule: 'It names no account’s limit: the request is repeated once on the same account, then delivered, and nothing closes.',
    strikes: {
      anthropic: { fault: { kind: 'throttle' } },
      'openai key': { fault: { kind: 'throttle' } },
      'openai plan': { fault: { kind: 'throttle' } },
      google: null,
    },
    on: 'a',
    expect: { first: 'error', second: 'error', a: 'open', b: 'open', sends: { a: 4, b: 0 }, status: 429 },
  },
  {
    title: '429 without any limit in it, at Google',
    rule: 'Google says this of a model that is short of capacity, too: like a 503, one repetition, then one hop.',
    strikes: { anthropic: null, 'openai key': null, 'openai plan': null, google: { fault: { kind: 'bare_429' } } },
    on: 'a',
    expect: { first: 'b', second: 'b', a: 'open', b: 'open', sends: { a: 2, b: 2 } },
  },
  {
    title: 'A compressed error body',
    rule: 'An error body in gzip is read like any other.',
    strikes: {
      anthropic: { fault: { kind: 'low_credit', encoding: 'gzip' } },
      'openai key': { fault: { kind: 'insufficient_quota', encoding: 'gzip' } },
      'openai plan': { fault: { kind: 'usage_limit', encoding: 'gzip' } },
      google: { fault: { kind: 'key_rpd', encoding: 'gzip' } },
      socket: { fault: { kind: 'insufficient_quota', encoding: 'gzip', on: 'upgrade' } },
    },
    on: 'a',
    expect: movedAndClosed,
  },
  {
    title: '402, or no credit left',
    rule: 'Money is missing: `credits` closes, and the next account serves.',
    strikes: credit,
    on: 'a',
    expect: movedAndClosed,
  },
  {
    title: 'No right to the model or feature',
    rule: 'The account may not use what was asked for, another one may. Only where the words name the account’s plan is the model closed on it; a name that may be misspelt closes nothing.',
    strikes: entitlement,
    on: 'a',
    expect: { ...movedAndClosed, a: 'open', sends: { a: 1, b: 2 } },
    exceptions: [
      {
        in: ({ family }) => family === 'openai plan' || family === 'google',
        expect: { a: 'closed' },
        why: 'The plan, or the free tier, does not include the model at all.',
      },
    ],
  },
  {
    title: 'Every account: quota',
    rule: 'With nobody left the agent gets a 429 of its own protocol with the earliest true reset, and the provider is not asked a second time.',
    strikes: quota,
    on: 'both',
    expect: { first: 'error', second: 'error', a: 'closed', b: 'closed', sends: { a: 1, b: 1 }, status: 429 },
  },
  {
    title: 'Every account: no credit left',
    rule: 'The provider’s own words are delivered, not a rate limit that would pass by itself; no request is sent a second time.',
    strikes: credit,
    on: 'both',
    expect: { first: 'error', second: 'error', a: 'closed', b: 'closed', sends: { a: 1, b: 1 } },
  },
  {
    title: 'Every account: no right to it',
    rule: 'Two accounts refuse in the same words, so it is the request: the refusal is delivered and closes neither.',
    strikes: entitlement,
    on: 'both',
    expect: { first: 'error', second: 'error', a: 'open', b: 'open', sends: { a: 2, b: 2 } },
    exceptions: [
      {
        in: ({ family }) => family === 'openai plan' || family === 'google',
        expect: { a: 'closed', b: 'closed', sends: { a: 1, b: 1 } },
        why: 'A plan, or the free tier, that does not include it is the account’s own: both close, and a third would be asked.',
      },
    ],
  },
];
