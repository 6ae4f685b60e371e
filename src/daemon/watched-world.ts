import { dirname } from 'node:path';
import { stat, statfs } from 'node:fs/promises';
import type { AuditEntry } from '../core/audit.ts';
import type { Notice } from '../core/notice.ts';
import { dayMs, type EpochMs } from '../core/time.ts';
import type { Action } from '../core/watch/action.ts';
import type { Log } from '../log/log.ts';
import { markedProcesses } from '../processes/process-table.ts';
import type { Processes } from '../supervisor/ports.ts';
import type { WatchedWorld } from '../supervisor/watch-ports.ts';

export type WorldDeps = {
  /** Holds a folder per attempt, on the disk of the home. */
  readonly folder: string;
  /** The daemon's own. */
  readonly pid: number;
  readonly processes: Pick<Processes, 'filesOf'>;
  readonly requests: WatchedWorld['requests'];
  readonly idleMs: () => number;
  readonly clock: () => EpochMs;
  readonly log: Pick<Log, 'warning'>;
  readonly audit: (entry: AuditEntry) => void;
  readonly addNotices: (notices: readonly Notice[]) => void;
};

/** The machine as the watch sees it. */
export function watchedWorld({ folder, pid, processes, requests, idleMs, ...witness }: WorldDeps): WatchedWorld {
  return {
    ...{ idleMs, requests, marked: () => markedProcesses(pid) },
    isOfThisHome: (attempt) =>
      stat(processes.filesOf(attempt).folder).then(
        (found) => found.isDirectory(),
        () => false,
      ),
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(dirname(folder));
      return bavail * bsize;
    },
    told: (action) => tell(witness, action),
    every: (ms, run) => {
      const timer = setInterval(run, ms);
      return () => clearInterval(timer);
    },
  };
}

type Witness = Pick<WorldDeps, 'clock' | 'log' | 'audit' | 'addNotices'>;

/** What concerns no job, or one that is over: the log, the audit trail, and for the disk people too. */
function tell({ clock, log, audit, addNotices }: Witness, action: Action): void {
  const { rule, deed, why, facts } = action;
  log.warning('watch', { rule, deed, why, ...facts });
  audit({
    ...{ kind: `job.watch.${rule}`, surface: 'daemon', actor: 'stint', outcome: 'done' },
    ...{ subject: rule === 'orphan' ? String(facts['attempt']) : 'daemon', detail: `${deed}: ${why}` },
  });
  if (deed !== 'warn' && deed !== 'pause') return;
  const at = clock();
  // Once a day, also where the daemon was started again meanwhile.
  const id = `disk-low:${deed}:${Math.floor(at / dayMs)}`;
  addNotices([{ id, kind: 'disk-low', thread: 'disk-low', at, facts: { evidence: why } }]);
}
