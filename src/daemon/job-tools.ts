import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LockTable } from '../agent-tools/lock-table.ts';
import type { ToolStore } from '../agent-tools/ports.ts';
import { agentTools } from '../agent-tools/registry.ts';
import { attemptNamed, isTokenOf, issueToken } from '../agent-tools/token.ts';
import { jobOf, type AttemptId, type JobId } from '../core/ids.ts';
import { isSettled } from '../core/job/state.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import type { OperationContext } from '../operations/context.ts';
import type { ToolAccess } from '../supervisor/ports.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { createAgentMcp, type AgentMcp, type AgentMcpDeps } from '../surfaces/mcp/agent-http.ts';

/** Below the shortest time after which a client gives up on a tool: 120 seconds, of Codex. */
const usualWaitMs = 100 * secondMs;

export type ToolAccessDeps = {
  /** Holds a folder per attempt. */
  readonly folder: string;
  /** Where agents reach their listener: `http://127.0.0.1:4610`. */
  readonly url: () => string;
  readonly isOn: () => boolean;
};

/** Gives each attempt a token, of which only the hash is kept: in the attempt's own folder, and gone with that. */
export function toolAccess({ folder, url, isOn }: ToolAccessDeps): ToolAccess {
  return {
    async grant(attempt) {
      if (!isOn()) return null;
      const { token, hash } = issueToken(attempt);
      const file = tokenFile(folder, attempt);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, hash, { mode: 0o600 });
      return { url: `${url()}/mcp`, token };
    },
  };
}

export type JobToolDeps = Pick<ToolAccessDeps, 'folder' | 'isOn'> & {
  readonly store: ToolStore;
  readonly supervisor: Supervisor;
  readonly context: Omit<OperationContext, 'caller'>;
  readonly clock: () => EpochMs;
  readonly version: string;
  readonly bug: (error: unknown) => void;
  readonly waitMs?: number;
  readonly tools?: AgentMcpDeps['tools'];
};

/** Opens what the tools of agents need, and the server for them. */
export async function openJobTools(
  opened: AsyncDisposableStack,
  given: JobToolDeps,
): Promise<{ readonly mcp: AgentMcp; readonly jobSettled: (job: JobId) => void }> {
  const { store, supervisor, context, clock, version, bug, folder, isOn } = given;
  const isPresent = (attempt: AttemptId): boolean => supervisor.isPresent(attempt);
  const locks = opened.adopt(
    await LockTable.open({
      ...{ store, clock, isPresent, bug },
      isSettled: (id) => {
        const job = supervisor.find(id);
        return job === undefined || isSettled(job);
      },
      alsoWaitsFor: (id) => supervisor.awaited(id),
      awaits: (id, others) => supervisor.awaits(id, others),
    }),
    (each) => each.written(),
  );
  const mcp = createAgentMcp({
    ...{ isOn, version, bug, tools: given.tools ?? agentTools, witness: supervisor.watch },
    deps: { ...{ store, locks, context, clock, realPath }, waitMs: given.waitMs ?? usualWaitMs, jobs: supervisor },
    async admit(token) {
      const attempt = attemptNamed(token);
      if (attempt === null || !isPresent(attempt)) return null;
      const kept = await readFile(tokenFile(folder, attempt), 'utf8').catch(() => '');
      const job = supervisor.find(jobOf(attempt));
      // It may have ended while the file was read.
      return job !== undefined && isTokenOf(token, kept) && isPresent(attempt) ? { job, attempt } : null;
    },
  });
  return { mcp, jobSettled: (job) => locks.settled(job) };
}

function tokenFile(folder: string, attempt: AttemptId): string {
  return join(folder, attempt, 'tool-token');
}

/** Of what exists of a path; what does not exist yet stays as it is named. */
async function realPath(path: string): Promise<string> {
  const found = await realpath(path).catch(() => null);
  if (found !== null) return found;
  const folder = dirname(path);
  return folder === path ? path : join(await realPath(folder), basename(path));
}
