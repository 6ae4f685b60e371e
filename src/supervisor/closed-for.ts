import type { Attempt } from '../core/job/job.ts';
import type { AccountPort } from './ports.ts';

/** In gateway mode nobody of the pool serves it; of a profile it is that account which is closed. */
export function isClosedFor(
  accounts: Pick<AccountPort, 'select'>,
  { account, pool, model }: Attempt,
  session: string | null,
): boolean {
  const selection = accounts.select({ pool, session, model, exclude: [] });
  if (account === null) return selection.kind === 'none' || (selection.kind === 'wait' && !selection.queued);
  return selection.skipped.some((each) => each.account === account && each.reason === 'closed');
}
