import type { JobView } from '../../../operations/job-view.ts';
import type { Terminal } from '../terminal.ts';

/** The answer of `job.add`. */
export type AddedJob = JobView & { readonly warnings: readonly string[] };

/** On stderr, whatever stdout is for. */
export function tellWarnings({ warnings }: AddedJob, terminal: Terminal): void {
  for (const each of warnings) terminal.error(terminal.style('yellow', `Warning: ${each}`));
}
