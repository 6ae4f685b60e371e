import type { Attempt } from '../core/job/job.ts';
import type { AccountPort } from './ports.ts';

/** In gateway mode nobody of the pool serves it; of a profile it is that account which is closed. */
export function isClosedFor({ account }: Attempt, selection: ReturnType<AccountPort['select']>): boolean {
  if (account === null) return selection.kind === 'none' || (selection.kind === 'wait' && !selection.queued);
  return selection.skipped.some((each) => each.account === account && each.reason === 'closed');
}
