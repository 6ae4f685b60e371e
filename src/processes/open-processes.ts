import { join } from 'node:path';
import type { Processes } from '../supervisor/ports.ts';
import { agentProcesses, type ProcessOptions } from './agent-processes.ts';
import { everyTransport } from './every-transport.ts';
import { ptyProcesses } from './pty-processes.ts';
import { tmuxProcesses } from './tmux-processes.ts';
import { openTmux } from './tmux.ts';

export type OpenProcesses = Processes & {
  /** Closes the terminals that die with this process. */
  close(): void;
};

/** Processes of agents on every transport. */
export function openProcesses(
  options: ProcessOptions & { readonly path: string; readonly checkMs?: number },
): OpenProcesses {
  const pipe = agentProcesses(options);
  const pty = ptyProcesses(pipe);
  const tmux = tmuxProcesses(pipe, openTmux(join(options.folder, 'tmux'), options.path), options.checkMs);
  return { ...everyTransport({ pipe, pty, tmux }), close: () => pty.close() };
}
