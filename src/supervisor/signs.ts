import type { AgentEvent } from '../agents/job-mode.ts';
import type { EpochMs } from '../core/time.ts';
import { afterResult, noRepeats, type Repeats } from '../core/watch/content-loop.ts';
import { callsAfter, noCalls, type OpenCalls } from './open-calls.ts';
import { isOwnTool, mayRepeat } from './own-tool.ts';

/** What an attempt gave of itself; kept in memory alone, and heard again from its output after a restart. */
export type Signs = {
  readonly lineAt: EpochMs | null;
  /** Its last call of one of Stint's own tools. */
  readonly toolAt: EpochMs | null;
  /** When it last did anything with a tool but wait with one of them. */
  readonly workedAt: EpochMs | null;
  readonly answeredAt: EpochMs | null;
  /** When it was told that the connection to them is lost. */
  readonly lostAt: EpochMs | null;
  /** When it first told of a limit, or that it asks again, since its last progress. */
  readonly limitedAt: EpochMs | null;
  readonly limit: string;
  readonly repeats: Repeats;
  readonly open: OpenCalls;
  /** It has come to the end of a turn, and nothing followed. */
  readonly hasAnswered: boolean;
  /** Calls that wait for other jobs, under way at this moment. */
  readonly waits: number;
};

export const noSigns: Signs = {
  ...{ lineAt: null, toolAt: null, workedAt: null, answeredAt: null, lostAt: null, limitedAt: null, limit: '' },
  ...{ repeats: noRepeats, open: noCalls, hasAnswered: false, waits: 0 },
};

/** What is known after an event. */
export function afterEvent(signs: Signs, event: AgentEvent, at: EpochMs): Signs {
  return { ...changedBy(signs, event, at), open: callsAfter(signs.open, event, at) };
}

function changedBy(signs: Signs, event: AgentEvent, at: EpochMs): Signs {
  switch (event.kind) {
    case 'limited':
      return limited(signs, 'evidence' in event.signal ? event.signal.evidence : event.signal.window, at);
    case 'retrying':
      return limited(signs, event.detail, at);
    case 'tool':
      return isOwnTool(event.name) ? toolCalled(moved(signs), at) : moved(signs);
    case 'tool-begun':
      return isOwnTool(event.name) ? signs : worked(signs, at);
    case 'tool-result':
      return repeated(moved(signs), event, at);
    case 'error':
      return event.failure === 'mcp-lost' ? { ...signs, lostAt: at } : signs;
    case 'text':
      return moved(signs);
    case 'turn-completed':
      return { ...moved(signs), hasAnswered: true };
    case 'result':
      return { ...begunAnew(moved(signs)), hasAnswered: true };
    case 'turn-ended':
      return begunAnew(signs);
    default:
      return signs;
  }
}

export function toolCalled(signs: Signs, at: EpochMs): Signs {
  return { ...signs, toolAt: Math.max(at, signs.toolAt ?? 0) };
}

export function worked(signs: Signs, at: EpochMs): Signs {
  return { ...signs, workedAt: Math.max(at, signs.workedAt ?? 0) };
}

/** What it does once its user has spoken is not what it did before. */
export function answered(signs: Signs, at: EpochMs): Signs {
  return { ...begunAnew(signs), answeredAt: at };
}

function begunAnew(signs: Signs): Signs {
  return { ...signs, repeats: noRepeats };
}

function limited(signs: Signs, limit: string, at: EpochMs): Signs {
  return signs.limitedAt === null ? { ...signs, limitedAt: at, limit } : signs;
}

/** One that goes on with its work does so without what it has lost. */
function moved(signs: Signs): Signs {
  return { ...signs, limitedAt: null, limit: '', lostAt: null, hasAnswered: false };
}

function repeated(signs: Signs, event: Extract<AgentEvent, { kind: 'tool-result' }>, at: EpochMs): Signs {
  const { id, name: tool, call, result } = event;
  if (mayRepeat(tool)) return signs;
  const begunAt = id === undefined ? null : (signs.open.get(id)?.begunAt ?? null);
  return { ...signs, repeats: afterResult(signs.repeats, { tool, is: `${call} ${result}`, begunAt, at }) };
}
