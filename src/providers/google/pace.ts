import { parseReset } from '../../core/limit/reset.ts';
import { minuteMs, secondMs } from '../../core/time.ts';

/** Where Gemini CLI 0.61.0 and Google's SDKs read how long to wait. */
const waits = /("(?:retryDelay|quotaResetDelay)"\s*:\s*"|\bPlease retry in )((?:\d+(?:\.\d+)?(?:ms|[dhms]))+)/g;

/**
 * Shortens the waits of an error that reaches its client. Gemini CLI 0.61.0 sleeps for all of RetryInfo at a lack of
 * capacity, be it hours, and ends its turn at QUOTA_EXHAUSTED. A quota that is used up is the account's: it takes no
 * further request until its reset, and the next one goes elsewhere.
 */
export function paceError(text: string): string {
  const isAccounts = text.includes('"QUOTA_EXHAUSTED"');
  const longestMs = isAccounts ? secondMs : minuteMs;
  return text.replaceAll('"QUOTA_EXHAUSTED"', '"RATE_LIMIT_EXCEEDED"').replaceAll(waits, (whole, before, length) => {
    const waitMs = parseReset(String(length), 0);
    return waitMs !== null && waitMs <= longestMs ? whole : `${String(before)}${longestMs / secondMs}s`;
  });
}
