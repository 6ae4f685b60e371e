import type { Load } from './load.ts';
import type { Way } from '../process/daemon.ts';
import type { Protocol } from '../protocol/protocol.ts';

/** One measurement: closed loops on so many connections, for so long. Travels between processes. */
export type Run = {
  readonly protocol: Protocol['name'];
  readonly way: Way;
  readonly streamed: boolean;
  readonly promptBytes: number;
  /** A file with the bytes that every answer's body must have. */
  readonly expected: string;
  readonly connections: number;
  readonly warmMs: number;
  readonly measureMs: number;
};

export type Ran = {
  /** Answers that ended within the measured time. */
  readonly requests: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers with a wrong status or body, and connections lost, in warm-up and after the end as well. */
  readonly failures: number;
  readonly firstFailure: string | null;
  /** Answers of which every byte was compared. */
  readonly checked: number;
};

export type HttpLoad = Load<Run, Ran>;
