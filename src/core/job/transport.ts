/**
 * How the process of an agent is connected: `pipe` with files, without a terminal; `pty` on a terminal of the daemon's,
 * with which it dies; `tmux` on one that outlives it.
 */
export const transports = ['pipe', 'pty', 'tmux'] as const;
export type Transport = (typeof transports)[number];
