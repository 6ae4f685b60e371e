import { type ApiError, errorInfo, help, quotaFailure, retryInfo } from './api-error.ts';

const codeAssistDomain = 'cloudcode-pa.googleapis.com';
const metricPrefix = 'generativelanguage.googleapis.com/generate_content_free_tier_';
const minuteSeconds = 60;

/** One quota of the Gemini API, by the names under which a refusal cites it. */
interface KeyQuota {
  readonly metric: string;
  readonly quotaId: string;
}

const keyQuotas = {
  minute: { metric: `${metricPrefix}requests`, quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier' },
  day: { metric: `${metricPrefix}requests`, quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' },
  input_tokens_minute: {
    metric: `${metricPrefix}input_token_count`,
    quotaId: 'GenerateContentInputTokensPerModelPerMinute-FreeTier',
  },
} as const satisfies Record<string, KeyQuota>;

export type QuotaName = keyof typeof keyQuotas;

/** What a refusal tells of the quota that is used up. */
export interface UsedUp {
  readonly quota: QuotaName;
  readonly model: string;
  readonly limit: number;
  readonly now: number;
  /** Epoch ms. */
  readonly resetAt: number;
}

/**
 * The 429 of an API key. The delay given with a daily quota is that of the running minute, as the vendor's own is:
 * only the quota's name says that it ends at midnight Pacific time.
 */
export function keyQuotaError(used: UsedUp): ApiError {
  if (used.limit === 0) return keyZero(used);
  const { metric, quotaId } = keyQuotas[used.quota];
  const delaySeconds = used.quota === 'day' ? toFullMinute(used.now) : secondsTo(used.resetAt, used.now);
  const exceeded = `* Quota exceeded for metric: ${metric}, limit: ${used.limit}, model: ${used.model}`;
  const violation = { quotaMetric: metric, quotaId, quotaDimensions: dimensions(used), quotaValue: `${used.limit}` };
  return keyRefusal([exceeded], [violation], delaySeconds);
}

/** The 429 of a model that the project's tier does not include. */
export function keyZero({ model, now }: Pick<UsedUp, 'model' | 'now'>): ApiError {
  const quotas = [keyQuotas.day, keyQuotas.minute, keyQuotas.input_tokens_minute];
  const exceeded = quotas.map(({ metric }) => `* Quota exceeded for metric: ${metric}, limit: 0, model: ${model}`);
  const violations = quotas.map(({ metric, quotaId }) => ({
    quotaMetric: metric,
    quotaId,
    quotaDimensions: dimensions({ model }),
  }));
  return keyRefusal(exceeded, violations, toFullMinute(now));
}

/** The 429 of Vertex AI, which tells no time and no quota of a project. */
export const vertexExhausted: ApiError = exhausted(
  'Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.',
);

export const bareExhausted: ApiError = exhausted('Resource has been exhausted (e.g. check quota).');

/** The 429 of a Google login whose share of a model is used up (`QUOTA_EXHAUSTED`) or taken too fast. */
export function codeAssistQuota(
  reason: 'QUOTA_EXHAUSTED' | 'RATE_LIMIT_EXCEEDED',
  { model, now, resetAt }: Pick<UsedUp, 'model' | 'now' | 'resetAt'>,
): ApiError {
  const seconds = secondsTo(resetAt, now);
  const delay = goDuration(seconds);
  const metadata = {
    uiMessage: 'true',
    model,
    quotaResetDelay: delay,
    quotaResetTimeStamp: new Date(resetAt).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const message = `You have exhausted your capacity on this model. Your quota will reset after ${delay}.`;
  return exhausted(message, [errorInfo(reason, codeAssistDomain, metadata), retryInfo(seconds)]);
}

/** The older form of a login's daily limit, which tells no time. */
export function codeAssistDaily(model: string): ApiError {
  const metric = model.split('-').map(capitalized).join(' ');
  const message = `Quota exceeded for quota metric '${metric} Requests' and limit '${metric} Requests per day per user per tier' of service '${codeAssistDomain}' for consumer 'project_number:681255809395'.`;
  const metadata = {
    quota_metric: `${codeAssistDomain}/${model.replaceAll(/[-.]/g, '_')}_requests`,
    quota_limit: `${metric.replaceAll(/[ .]/g, '')}RequestsPerDayPerUserPerTier`,
    service: codeAssistDomain,
    consumer: 'projects/681255809395',
  };
  return exhausted(message, [errorInfo('RATE_LIMIT_EXCEEDED', 'googleapis.com', metadata)]);
}

export function codeAssistCapacity(model: string): ApiError {
  return exhausted(`No capacity available for model ${model} on the server`, [
    errorInfo('MODEL_CAPACITY_EXHAUSTED', codeAssistDomain, { model }),
  ]);
}

export const insufficientCredits: ApiError = exhausted('You have insufficient AI credits to make this request.', [
  errorInfo('INSUFFICIENT_G1_CREDITS_BALANCE', codeAssistDomain),
]);

function keyRefusal(exceeded: readonly string[], violations: readonly object[], delaySeconds: number): ApiError {
  const message =
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, head over to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/usage?tab=rate-limit. ' +
    `\n${exceeded.join('\n')}\nPlease retry in ${delaySeconds}s.`;
  return exhausted(message, [
    help('Learn more about Gemini API quotas', 'https://ai.google.dev/gemini-api/docs/rate-limits'),
    quotaFailure(violations),
    retryInfo(delaySeconds),
  ]);
}

function exhausted(message: string, details?: readonly object[]): ApiError {
  const error = { code: 429, status: 'RESOURCE_EXHAUSTED', message } as const;
  return details === undefined ? error : { ...error, details };
}

function dimensions({ model }: { model: string }): object {
  return { location: 'global', model };
}

function secondsTo(resetAt: number, now: number): number {
  return Math.max(0, (resetAt - now) / 1000);
}

function toFullMinute(now: number): number {
  const minuteMs = minuteSeconds * 1000;
  return (minuteMs - (now % minuteMs)) / 1000;
}

/** Writes seconds as Go does: `1h0m0s`, `3s`. */
function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / minuteSeconds);
  const rest = Math.round((seconds % minuteSeconds) * 1e6) / 1e6;
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
