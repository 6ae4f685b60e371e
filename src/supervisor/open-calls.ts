import type { AgentEvent } from '../agents/job-mode.ts';
import type { EpochMs } from '../core/time.ts';
import type { RunningTool } from '../core/watch/idle.ts';

/** Calls of tools that are under way, by their ids, in the order in which they began. */
export type OpenCalls = ReadonlyMap<string, RunningTool>;

export const noCalls: OpenCalls = new Map();

export function callsAfter(open: OpenCalls, event: AgentEvent, at: EpochMs): OpenCalls {
  switch (event.kind) {
    case 'tool-begun':
      return open.has(event.id) ? open : new Map([...open, [event.id, { name: event.name, begunAt: at }]]);
    case 'tool-ended':
      return new Map([...open].filter(([id]) => id !== event.id));
    // Nobody waits for what it has left behind.
    case 'turn-ended':
    case 'result':
      return noCalls;
    default:
      return open;
  }
}
