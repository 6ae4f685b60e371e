import { attemptOf } from '../core/job/state.ts';
import type { Job } from '../core/job/job.ts';
import { Problem } from '../core/problem.ts';
import type { JobTerminal, TerminalWish } from '../operations/context.ts';
import { howToInstall } from '../processes/tmux.ts';
import type { JobAgent } from '../supervisor/job-agent.ts';
import type { Processes } from '../supervisor/ports.ts';

/** Why agents cannot run on such a terminal here; null where they can. */
export function terminalObstacle(
  { agents: names, transport, interactive }: TerminalWish,
  agents: ReadonlyMap<string, JobAgent>,
  path: string,
): Problem | null {
  for (const name of names) {
    const mode = agents.get(name)?.mode.terminal;
    if (mode === undefined)
      return new Problem('invalid', `${name} cannot run on a terminal.`, { hint: 'Leave --transport out.' });
    if (mode.silent && !interactive)
      return new Problem('invalid', `On a terminal ${name} does not tell when it has finished.`, {
        hint: 'Add --interactive and end it yourself, or leave --transport out.',
      });
  }
  if (transport === 'tmux' && Bun.which('tmux', { PATH: path }) === null)
    return new Problem('invalid', 'tmux is not on the PATH of the daemon.', { hint: howToInstall });
  return null;
}

/** The terminal of a job whose agent runs on one now. Throws a Problem `conflict` for any other. */
export async function terminalOf(job: Job | undefined, processes: Pick<Processes, 'terminal'>): Promise<JobTerminal> {
  if (job === undefined) throw new Problem('not_found', 'There is no such job.', { hint: 'See: stint job list' });
  const { id, spec, state } = job;
  if (spec.transport === 'pipe')
    throw new Problem('conflict', `Job ${id} runs without a terminal.`, { hint: `See: stint job logs ${id} --follow` });
  const attempt = attemptOf(job);
  const terminal = attempt === null ? undefined : await processes.terminal(attempt);
  if (terminal !== undefined) return terminal.way;
  throw new Problem('conflict', `Job ${id} is ${state.kind}, and its agent has no terminal now.`, {
    hint: `See: stint job show ${id}`,
  });
}
