import type { Stopped } from './stop.ts';

/** What the agent is told whose job has met a stop condition, in the attempt that is its last. */
export function saveWork({ detail }: Pick<Stopped, 'detail'>): string {
  return (
    `You have to stop here, for your task has a limit. ${detail} Save your work now, in a few steps: commit it, or write ` +
    'down in a file where things are and what is left. Begin nothing new, and then end your turn.'
  );
}

/** What the agent is told that ended its turn, where that is not the end of the job. */
export const notFinished =
  'You ended your turn without finish_job: go on with the task; when all of it is done, call finish_job of the stint-job MCP ' +
  'server with a summary.';

/** What a job has to say that was stopped: by what, and its agent's last words. */
export function resultOf({ detail, words }: Pick<Stopped, 'detail' | 'words'>): string {
  return words === null || words.trim() === '' ? detail : `${detail}\n\n${words}`;
}
