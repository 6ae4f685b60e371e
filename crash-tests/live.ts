import { readdirSync, readFileSync } from 'node:fs';

export type LiveAgent = { readonly pid: number; readonly job: string; readonly attempt: number };

/** The living processes of agents whose notes are in one of these folders; zombies have no environment. */
export function liveAgents(isOurs: (folder: string) => boolean): LiveAgent[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => agentOf(Number(name), isOurs) ?? []);
}

function agentOf(pid: number, isOurs: (folder: string) => boolean): LiveAgent | null {
  const environment = read(`/proc/${pid}/environ`);
  const [, folder] = /(?:^|\0)NOTES=([^\0]*)/.exec(environment) ?? [];
  const [, job, attempt] = /(?:^|\0)STINT_ATTEMPT=([^\0]*)\.(\d+)\0/.exec(environment) ?? [];
  if (folder === undefined || job === undefined || !isOurs(folder)) return null;
  return { pid, job, attempt: Number(attempt) };
}

/** Two attempts of one job that live at the same time; a scan takes a while, so that the older is looked at again. */
export function secondWriters(live: readonly LiveAgent[]): string[] {
  const newest = new Map<string, number>();
  for (const { job, attempt } of live) newest.set(job, Math.max(attempt, newest.get(job) ?? 0));
  return live
    .filter(
      ({ pid, job, attempt }) => attempt < (newest.get(job) ?? 0) && agentOf(pid, () => true)?.attempt === attempt,
    )
    .map(({ job, attempt, pid }) => `job ${job}: attempt ${attempt} (${pid}) lives beside ${newest.get(job)}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
