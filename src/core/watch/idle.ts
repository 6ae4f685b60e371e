import { formatDuration, type EpochMs } from '../time.ts';
import type { Action } from './action.ts';
import { silentToolMs } from './numbers.ts';

export type IdleFacts = {
  readonly startedAt: EpochMs;
  /** Since when it could have been seen: the daemon runs, and the machine does not sleep. */
  readonly seenSince: EpochMs;
  /** The last line of its output, request to the gateway, call of a tool of Stint's; null for none. */
  readonly lineAt: EpochMs | null;
  readonly requestAt: EpochMs | null;
  readonly toolAt: EpochMs | null;
  /** When its user said what it had waited for. */
  readonly answeredAt: EpochMs | null;
  /** What it waits for, which is no idleness; `unknown` where that cannot be told. */
  readonly waitsFor: 'user' | 'jobs' | 'answer' | 'unknown' | null;
  /** Of the calls of tools that are under way, the one that began first; null for none. */
  readonly running: RunningTool | null;
  /** 0 for never. */
  readonly limitMs: number;
};

export type RunningTool = { readonly name: string; readonly begunAt: EpochMs };

/** An agent that gives no sign of life is stopped, and its conversation resumed. While a tool works for it, it has none to give. */
export function idle(facts: IdleFacts, now: EpochMs): Action | null {
  const { waitsFor, limitMs, running, ...times } = facts;
  if (limitMs === 0 || waitsFor !== null) return null;
  const last = Math.max(...Object.values(times).map((at) => at ?? 0));
  // A tool that hangs must not keep a job for ever.
  const mostMs = running === null ? limitMs : Math.max(limitMs, silentToolMs);
  if (now - last < mostMs) return null;
  const silence = formatDuration(now - last);
  return {
    ...{ rule: 'idle', deed: 'resume' },
    facts: { ...times, limitMs: mostMs, tool: running?.name ?? null, toolBegunAt: running?.begunAt ?? null },
    why:
      running === null
        ? `it said nothing, asked its provider nothing and used no tool for ${silence}`
        : `its tool ${running.name} has run for ${formatDuration(now - running.begunAt)}, and nothing was heard of it for ${silence}`,
    says: `You were stopped because nothing was heard of you for ${silence}${running === null ? '' : `, while your tool ${running.name} ran`}. A command that takes so long belongs in the background: look at its output from time to time.`,
  };
}
