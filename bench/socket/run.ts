import type { Way } from '../process/daemon.ts';

/** One measurement on WebSockets: each asks again as soon as its answer is complete. Travels between processes. */
export type SocketRun = {
  readonly way: Way;
  readonly promptBytes: number;
  /** A file with the texts of all frames of an answer, one after another. */
  readonly expected: string;
  readonly connections: number;
  readonly warmMs: number;
  readonly measureMs: number;
};

export type SocketRan = {
  readonly framesPerSecond: number;
  /** From sending a request to the arrival of a frame of its answer, over all frames. */
  readonly frameP50Ms: number;
  /** Answers with wrong frames, and connections lost. */
  readonly failures: number;
  readonly firstFailure: string | null;
};
