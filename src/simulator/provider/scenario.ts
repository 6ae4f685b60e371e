import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The fields of a scenario that set the pace of a stream. */
export const paceFields = {
  /** Pause between two deltas of a stream; `tokensPerSecond` is the other way to say it. */
  deltaDelayMs: z.number().nonnegative().optional(),
  tokensPerSecond: z.number().positive().optional(),
};

export function deltaDelayOf(pace: {
  deltaDelayMs?: number | undefined;
  tokensPerSecond?: number | undefined;
}): number {
  return pace.deltaDelayMs ?? (pace.tokensPerSecond === undefined ? 0 : 1000 / pace.tokensPerSecond);
}

export function readJsonFile(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
