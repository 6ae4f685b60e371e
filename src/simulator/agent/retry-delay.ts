const longestRetryAfterSeconds = 60;
const longestBackoffMs = 32_000;

/**
 * Says how long Claude Code waits after an error status in bearer mode; undefined ends the turn. It backs off from half
 * a second, obeys a longer `retry-after`, and gives up at once on one beyond a minute.
 */
export function retryDelayMs(
  error: { readonly status: number; readonly retryAfter: string | null },
  attempt: number,
): number | undefined {
  const { status } = error;
  if (status < 500 && status !== 401 && status !== 408 && status !== 409 && status !== 429) return undefined;
  const seconds = error.retryAfter === null ? 0 : Number(error.retryAfter);
  if (seconds > longestRetryAfterSeconds) return undefined;
  return Math.max(backoffMs(attempt), Number.isNaN(seconds) ? 0 : seconds * 1000);
}

/** Doubles from half a second up to 32 seconds; the first attempt is 0. */
export function backoffMs(attempt: number): number {
  return Math.min(500 * 2 ** attempt, longestBackoffMs);
}
