import { jobStates } from './job.ts';

/**
 * Places between two steps of which a crash may see the first alone. The crash suite ends the process at each:
 *
 * - `stored`: a change is on the disk, and not yet in memory. `seen`: in memory, and nothing that it entails was begun.
 * - `effect`: before it is done, after it, and after that was written down.
 * - `spawn`, `process`: before an agent is started, before its process, before its pid is known, and before that is written.
 * - `end`: its processes were asked to end; they were killed.
 * - `follow`: a line of an agent was heard; it has ended, and that is not written.
 * - `successor`, `accepted`: a job was added, and nobody was told.
 */
export const commitPoints = [
  'stored.added',
  'seen.added',
  ...jobStates.flatMap((state) => [`stored.${state}`, `seen.${state}`] as const),
  ...(['spawn', 'kill', 'ended'] as const).flatMap(
    (kind) => [`effect.${kind}.begins`, `effect.${kind}.ends`, `effect.${kind}.written`] as const,
  ),
  'spawn.begins',
  'process.files',
  'process.started',
  'spawn.ends',
  'end.asked',
  'end.killed',
  'follow.heard',
  'follow.ended',
  'successor',
  'accepted',
] as const;
export type CommitPoint = (typeof commitPoints)[number];

/** Called at each; a test ends the process there. */
export type Reached = (point: CommitPoint) => void;
