// What Claude Code 2.1.197, Codex 0.169.0 and Gemini CLI 0.61.0 say when a turn fails, tied to what it means for a job.
import type { FailureKind } from '../src/core/job/failure-kind.ts';

export type AgentName = 'claude' | 'codex' | 'gemini';

/** The section of providers.md, the name in wire-forms.txt, or `seen` of the genuine CLI; the words, what they mean, and the reset that they name. */
export type FailureText = readonly [source: string, text: string, failure: FailureKind, until?: string];

const gateway = 'Stint: every account of pool a for opus is closed; the first opens in 2h 5m (13:05 UTC). a/b closed.';

/** By the `error` of the entry that shows it; `unknown` where that is not written down. */
export const claudeTexts: Readonly<Record<string, readonly FailureText[]>> = {
  rate_limit: [
    ['B.1', "You've hit your session limit · resets 12:57am (UTC)", 'window', '2026-11-22T00:57:00Z'],
    ['B.1', "You've hit your session limit · resets 3pm (Europe/Rome)", 'window', '2026-11-21T14:00:00Z'],
    ['B.1', "You've hit your session limit · resets 1:47am (UTC)", 'window', '2026-11-22T01:47:00Z'],
    ['B.1', "You've hit your weekly limit · resets Nov 23, 7:31am (UTC)", 'window', '2026-11-23T07:31:00Z'],
    ['B.1', "You've hit your Opus limit · resets Nov 23, 7:31am (UTC)", 'window', '2026-11-23T07:31:00Z'],
    ['B.1', "You've hit your Sonnet limit · resets Nov 23, 7:31am (UTC)", 'window', '2026-11-23T07:31:00Z'],
    ['B.1', "You've hit your Fable 5 limit · resets Nov 23, 7:31am (UTC)", 'window', '2026-11-23T07:31:00Z'],
    ['B.1', "You've hit your usage limit", 'window'],
    ['B.1', "You've hit your limit", 'window'],
    ['B.1', "You've hit your limit · resets 12:57am (UTC)", 'window', '2026-11-22T00:57:00Z'],
    ['B.1', "You've hit your org's monthly usage limit", 'window'],
    ['B.1', "You've hit your fast limit", 'window'],
    ['B.1', "You're out of usage credits", 'window'],
    ['B.1', "You're out of usage credits · resets 3pm (Europe/Rome)", 'window', '2026-11-21T14:00:00Z'],
    ['B.1, older', "You're out of extra usage", 'window'],
    ['B.1', "You've hit your monthly spend limit · raise it at claude.ai/settings/usage", 'billing'],
    ['B.1', "You've hit your org's monthly spend limit · run /usage-credits to …", 'billing'],
    ['B.1', 'Your org is out of usage · add funds to continue', 'billing'],
    ['B.1', 'Your org is out of usage · contact your admin', 'billing'],
    ['B.1', "Your group's usage limit is set to $0 · run /usage-credits to …", 'billing'],
    ['B.1', "Your seat type doesn't include usage", 'entitlement'],
    ['B.1', "Your seat type doesn't include usage credits", 'entitlement'],
    ['B.1', 'This service is disabled for your org', 'entitlement'],
    ['B.1', 'Your usage allocation has been disabled by your admin · run /usage-credits to …', 'entitlement'],
    ['B.1', 'Fable 5 requires usage credits', 'entitlement'],
    ['B.1', 'API Error: Usage credits required for 1M context · …', 'entitlement'],
    ['B.1', 'API Error: Server is temporarily limiting requests (not your usage limit) · Rate limited', 'throttle'],
    [
      'wire 429_api',
      "API Error: Server is temporarily limiting requests (not your usage limit) · This request would exceed your organization's rate limit of 50,000 input tokens per minute (org: 0a1b2c3d-0000-4000-8000-000000000001, model: claude-sonnet-4-5). For details, refer to: https://docs.claude.com/en/api/rate-limits.",
      'throttle',
    ],
    [
      'B.1',
      "API Error: Request rejected (429) · This request would exceed your account's rate limit. Please try again later.",
      'throttle',
    ],
    ['gateway', `API Error: Request rejected (429) · ${gateway}`, 'window', '2026-11-21T13:05:00Z'],
  ],
  overloaded: [
    [
      'B.1',
      'API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway (127.0.0.1:1).',
      'overload',
    ],
  ],
  server_error: [['seen', 'API Error: 500 Internal server error', 'overload']],
  billing_error: [['B.1', 'Credit balance is too low', 'billing']],
  authentication_failed: [
    ['B.1', 'Failed to authenticate. API Error: 401 Invalid bearer token', 'auth'],
    ['B.1', 'Invalid API key · Fix external API key', 'auth'],
    ['B.1', 'Not logged in · Please run /login', 'auth'],
  ],
  oauth_org_not_allowed: [
    ['B.1', 'Your organization has disabled Claude subscription access for Claude Code · …', 'entitlement'],
  ],
  model_not_found: [['B.1', "There's an issue with the selected model (claude-x)", 'entitlement']],
  invalid_request: [
    ['seen', 'Prompt is too long', 'context-overflow'],
    ['public', 'prompt is too long: 215529 tokens > 200000 maximum', 'context-overflow'],
  ],
  unknown: [
    ['B.1', 'API Error: Repeated 529 Overloaded errors. The API is at capacity — …', 'overload'],
    ['B.1', 'Your account does not have access to Claude. Please login again or contact your administrator.', 'auth'],
    ['B.1', 'Request too large (max 32MB). …', 'context-overflow'],
    ['B.1', 'API Error: Connection to the API was lost (ECONNRESET). …', 'network'],
    ['E', 'Unable to connect to API: SSL certificate verification failed…', 'network'],
  ],
};

/** Times of day are those of the machine, whose zone Codex does not name. */
export const codexTexts: readonly FailureText[] = [
  [
    'B.2, plus',
    'You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at 12:43 AM.',
    'window',
    '2026-11-22T00:43:00',
  ],
  [
    'B.2, pro',
    'You’ve hit your usage limit. Visit https://chatgpt.com/settings/usage to purchase more credits or try again at Nov 23rd, 2026 7:46 AM.',
    'window',
    '2026-11-23T07:46:00',
  ],
  [
    'B.2, team',
    'You’ve hit your usage limit. To get more access now, send a request to your admin or try again at 12:43 AM.',
    'window',
    '2026-11-22T00:43:00',
  ],
  [
    'B.2, free',
    'You’ve hit your usage limit. Upgrade to Plus to continue using Codex (https://chatgpt.com/explore/plus), or try again at Nov 23rd, 2026 7:46 AM.',
    'window',
    '2026-11-23T07:46:00',
  ],
  ['B.2', 'You’ve hit your usage limit. Try again at 12:43 AM.', 'window', '2026-11-22T00:43:00'],
  ['B.2', 'You’ve hit your usage limit. Try again later.', 'window'],
  [
    'B.2',
    'You’ve hit your usage limit for gpt-5.3-codex-spark. Switch to another model now, or try again at 12:43 AM.',
    'window',
    '2026-11-22T00:43:00',
  ],
  [
    'B.2, older',
    'You’ve hit your usage limit. Try again in 5 days 22 hours 11 minutes.',
    'window',
    '2026-11-27T09:11:00',
  ],
  ['B.2', 'stream disconnected before completion: The usage limit has been reached', 'window'],
  ['B.2', 'Your workspace is out of credits. Add credits to continue.', 'billing'],
  ['B.2', 'Your workspace is out of credits. Ask your workspace owner to refill in order to continue.', 'billing'],
  ['B.2', 'You hit your spend cap set in your workspace. Increase your spend cap to continue.', 'billing'],
  ['B.2', 'You hit your spend cap set by the owner of your workspace. Ask an owner to increase …', 'billing'],
  ['B.2', 'Quota exceeded. Check your plan and billing details.', 'billing'],
  ['B.2', 'To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.', 'entitlement'],
  ['B.2', 'exceeded retry limit, last status: 429 Too Many Requests', 'throttle'],
  ['B.2', 'exceeded retry limit, last status: 429 Too Many Requests, request id: req_1', 'throttle'],
  [
    'B.2',
    'rate limit exceeded: Rate limit reached for gpt-5.1-codex in organization org-FAKE on tokens per min (TPM): Limit 30000, Used 29000, Requested 4000. Please try again in 2s. Visit https://platform.openai.com/account/rate-limits to learn more.',
    'throttle',
    '2026-11-21T11:00:02',
  ],
  ['B.2', 'We’re currently experiencing high demand, which may cause temporary errors.', 'overload'],
  [
    'B.2',
    'unexpected status 503 Service Unavailable: The server is temporarily unable to handle your request., url: http://a, request id: r',
    'overload',
  ],
  ['B.2', 'Selected model is at capacity. Please try a different model.', 'overload'],
  ['B.2', 'unexpected status 401 Unauthorized', 'auth'],
  [
    'wire 401_expired',
    'unexpected status 401 Unauthorized: Provided authentication token is expired. Please try signing in again., url: http://a, request id: r',
    'auth',
  ],
  ['seen', 'stream disconnected before completion: error sending request', 'network'],
  [
    'B.2',
    'Access blocked by Cloudflare. This usually happens when connecting from a restricted region (status 403 Forbidden), …',
    'network',
  ],
  ['A.2', 'workspace routing discovery failed', 'network'],
  ['gateway', JSON.stringify({ error: { message: gateway, code: 'usage_limit' } }), 'window', '2026-11-21T13:05:00'],
  [
    'gateway',
    '{"error":{"message":"Stint: no account of pool openai is in service","code":"account_unavailable"}}',
    'entitlement',
  ],
];

const google = (code: number, status: string, message: string): string =>
  `[API Error: ${JSON.stringify({ error: { code, message, status } })}]`;
const quota =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, head over to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/usage?tab=rate-limit. \n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests';

/** A day of a quota ends at midnight in California. */
export const geminiTexts: readonly FailureText[] = [
  [
    'B.3',
    '[API Error: You have exhausted your daily quota on this model.]\nPlease wait and try again later. To increase your limits, request a quota increase through AI Studio, or switch to another /auth method',
    'window',
    '2026-11-22T08:00:00Z',
  ],
  [
    '0.5',
    '[API Error: You have exhausted your capacity on this model. Your quota will reset after 3h12m5s.]',
    'window',
    '2026-11-21T14:12:05Z',
  ],
  [
    'wire ca_quota',
    google(
      429,
      'RESOURCE_EXHAUSTED',
      'You have exhausted your capacity on this model. Your quota will reset after 1h0m0s.',
    ),
    'window',
    '2026-11-21T12:00:00Z',
  ],
  [
    'wire ca_daily',
    google(
      429,
      'RESOURCE_EXHAUSTED',
      "Quota exceeded for quota metric 'Gemini 2.5 Pro Requests' and limit 'Gemini 2.5 Pro Requests per day per user per tier' of service 'cloudcode-pa.googleapis.com' for consumer 'project_number:681255809395'.",
    ),
    'window',
    '2026-11-22T08:00:00Z',
  ],
  [
    'B.3',
    'Usage limit reached for gemini-2.5-pro.\nAccess resets at 3:05 PM UTC.\n/stats model for usage details',
    'window',
    '2026-11-21T15:05:00Z',
  ],
  ['B.3', '[API Error: You have insufficient AI credits to make this request.]', 'billing'],
  [
    'wire key_rpm',
    google(429, 'RESOURCE_EXHAUSTED', `${quota}, limit: 10, model: gemini-2.5-pro\nPlease retry in 35.6s.`),
    'throttle',
    '2026-11-21T11:00:35.600Z',
  ],
  [
    'wire key_zero',
    google(429, 'RESOURCE_EXHAUSTED', `${quota}, limit: 0, model: gemini-2.5-pro\nPlease retry in 35.6s.`),
    'entitlement',
  ],
  ['wire 429_bare', google(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'), 'throttle'],
  ['B.3', '[API Error: No capacity available for model gemini-2.5-pro on the server]', 'overload'],
  ['B.3', 'We are currently experiencing high demand for gemini-2.5-pro.', 'overload'],
  ['wire 503', google(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'), 'overload'],
  [
    'wire 500',
    google(
      500,
      'INTERNAL',
      'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
    ),
    'overload',
  ],
  ['B.3', '[API Error: terminated]', 'overload'],
  [
    'wire 401',
    google(
      401,
      'UNAUTHENTICATED',
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
    ),
    'auth',
  ],
  ['wire 400_key', google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'), 'auth'],
  ['wire 403_validation', google(403, 'PERMISSION_DENIED', 'Verify your account to continue.'), 'auth'],
  ['wire 403', google(403, 'PERMISSION_DENIED', 'The caller does not have permission'), 'entitlement'],
  [
    'wire 404',
    google(
      404,
      'NOT_FOUND',
      'models/gemini-2.5-pro is not found for API version v1beta, or is not supported for generateContent.',
    ),
    'entitlement',
  ],
  ['E', '[API Error: fetch failed]', 'network'],
  ['gateway', google(429, 'RESOURCE_EXHAUSTED', gateway), 'window', '2026-11-21T13:05:00Z'],
  [
    'gateway',
    google(403, 'PERMISSION_DENIED', 'Stint: no account of pool google is in service: a disabled.'),
    'entitlement',
  ],
];

/** An agent that ends with this on its error channel, without a word on stdout. */
export const lastWords: readonly (readonly [AgentName, exitCode: number, ...FailureText])[] = [
  [
    'codex',
    1,
    'B.2, text mode',
    'ERROR: You’ve hit your usage limit. Try again at 12:43 AM.',
    'window',
    '2026-11-22T00:43:00',
  ],
  ['codex', 1, 'A.2', 'CODEX_HOME points to "/a", but that path does not exist', 'launch'],
  ['codex', 1, 'C', 'This chat uses model provider “fk”, which is no longer configured', 'launch'],
  ['gemini', 41, '0.1', 'Invalid auth method selected.', 'auth'],
  ['gemini', 1, 'B.3, text mode', 'An unexpected critical error occurred:[object Object]', 'crash'],
  [
    'gemini',
    173,
    'B.3, json mode',
    'Error when talking to Gemini API Full report available at: /tmp/gemini-client-error.json TerminalQuotaError: You have exhausted your daily quota on this model.\n    at classifyGoogleError (file:///a.js:1:1)\n{"session_id":"s","error":{"type":"unknown","message":"[API Error: You have exhausted your daily quota on this model.]","code":429}}',
    'window',
  ],
];

/** An agent that says this on its error channel, and nothing after it. */
export const sleeps: readonly FailureText[] = [
  [
    '0.5',
    'Attempt 1 failed: You have exhausted your capacity on this model. Your quota will reset after 3h12m5s.. Retrying after 11761497ms...',
    'window',
    '2026-11-21T14:16:01.497Z',
  ],
];

const fiveHour = { resetsAt: 1_795_300_000, rateLimitType: 'five_hour' };

/** What an agent tells of limits while its turn goes on and ends well: prose, or a line of its events. */
export const notices: readonly (readonly [AgentName, source: string, line: string, channel: 'stdout' | 'stderr'])[] = [
  ...[
    "You've used 93% of your session limit · resets 12:57am (UTC) · /upgrade to keep using Claude Code",
    'Approaching weekly limit · resets Nov 23, 7:31am (UTC)',
    "You're close to your usage credit limit",
    "You're now using usage credits · Your session limit resets 3pm (Europe/Rome)",
    'Now using usage credits',
    "You're now using extra usage",
    'Usage endpoint is rate limited. Please try again in a moment.',
  ].map((text) => ['claude', 'B.1', text, 'stderr'] as const),
  ...[
    { type: 'rate_limit_event', rate_limit_info: { status: 'allowed', ...fiveHour } },
    { type: 'rate_limit_event', rate_limit_info: { status: 'allowed_warning', utilization: 0.93, ...fiveHour } },
    { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', isUsingOverage: true, ...fiveHour } },
    { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', isUsingOverage: false } },
    { type: 'system', subtype: 'api_retry', attempt: 1, error_status: 429, error: 'rate_limit' },
    { type: 'system', subtype: 'api_retry', attempt: 2, error_status: 529, error: 'overloaded' },
    { type: 'system', subtype: 'model_fallback', trigger: 'overloaded' },
  ].map((event) => ['claude', 'B.1', JSON.stringify(event), 'stdout'] as const),
  ...[
    { type: 'error', message: 'Reconnecting... 2/5 (stream disconnected)' },
    { type: 'item.completed', item: { type: 'error', message: 'Falling back from WebSockets to HTTPS transport. …' } },
  ].map((event) => ['codex', 'A.2, B.2', JSON.stringify(event), 'stdout'] as const),
  ...[
    'Approaching rate limits — Switch to gpt-6-luna for lower credit usage?',
    'Heads up, you have less than 10% of your 5h limit left. Run /status for a breakdown.',
  ].map((text) => ['codex', 'B.2', text, 'stderr'] as const),
  ...[
    'Attempt 1 failed with status 503. Retrying with backoff... Error: overloaded',
    'Attempt 2 failed: Please retry in 35.6s.. Retrying after 35600ms...',
    'Possible quota limitations in place or slow response times detected. Switching to the gemini-2.5-flash model for the rest of this session.',
    'Trying to reach gemini-2.5-pro (Attempt 2/10)',
  ].map((text) => ['gemini', 'B.3', text, 'stderr'] as const),
];
