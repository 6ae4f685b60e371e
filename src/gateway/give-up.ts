import { mendOf } from '../core/account/mend.ts';
import type { Step } from '../core/failover/decide.ts';
import type { Selection, Skipped, SkipReason } from '../core/pool/selection.ts';
import { Problem } from '../core/problem.ts';
import { formatWhen, secondMs, type EpochMs } from '../core/time.ts';
import type { Exchange } from './exchange.ts';

export type GivenUp = {
  readonly exchange: Exchange;
  readonly next: Selection;
  readonly step: Extract<Step, { kind: 'give-up' }>;
  readonly now: EpochMs;
  readonly timeZone: string;
};

const reasons: Record<SkipReason, string> = {
  closed: 'closed',
  overage: 'would bill overage',
  disabled: 'disabled',
  'needs-login': 'needs a new credential',
  'not-pinned': 'not the pinned account',
  unsuitable: 'not for such requests',
  bound: 'does not have what the request names',
  tried: 'failed',
  resting: 'resting after network errors',
  probing: 'being probed',
  full: 'at its cap of requests',
  ramping: 'busy',
};

/**
 * Says for whom a pool is closed and until when. Claude Code shows this text and, towards a bearer token, nothing else
 * of a limit: it ignores the unified headers there and gives up at once when Retry-After is over 60.
 */
export function explainGiveUp({ exchange, next, step, now, timeZone }: GivenUp): Problem {
  const { pool, model } = exchange.wanted;
  const name = pool.pool.name;
  if (pool.removed) {
    return new Problem('forbidden', `Stint: pool ${name} no longer exists.`, { hint: 'Start the agent again.' });
  }
  if (pool.candidates.length === 0) {
    return new Problem('forbidden', `Stint: pool ${name} has no accounts.`, {
      hint: `Add one with: stint account add ${pool.pool.provider} work`,
    });
  }
  if (next.skipped.length > 0 && next.skipped.every((each) => each.reason === 'unsuitable')) {
    const kinds = [...new Set(pool.candidates.map((each) => each.account.credential))].join(', ');
    return new Problem(
      'forbidden',
      `Stint: no account of pool ${name} can serve ${exchange.ask.path} (it has: ${kinds}).`,
      {
        hint: `Add another kind with: stint account add ${pool.pool.provider} work`,
      },
    );
  }
  const able = next.skipped.filter((each) => each.reason !== 'unsuitable');
  const list = able.map((each) => describe(each, now, timeZone)).join('; ');
  const loggedOut = pool.candidates.find((each) => each.account.standing === 'needs-login')?.account;
  if (step.why === 'needs-login' && loggedOut !== undefined) {
    const mend = mendOf(loggedOut);
    return new Problem('forbidden', `Stint: no account of pool ${name} is logged in: ${list}.`, {
      hint: `Mend that with: ${mend}`,
    });
  }
  const what = model === null ? `pool ${name}` : `pool ${name} for ${model}`;
  if (step.until === null) {
    return new Problem('forbidden', `Stint: no account of ${what} is in service: ${list}.`, {
      hint: 'See: stint status',
    });
  }
  if (step.until <= now) {
    return new Problem('exhausted', `Stint: ${what} met a limit on one account after the other; another is open.`, {
      retryAt: now + secondMs,
    });
  }
  return new Problem(
    'exhausted',
    `Stint: every account of ${what} is closed; the first opens ${formatWhen(step.until, now, timeZone)}. ${list}.`,
    {
      retryAt: step.until,
    },
  );
}

function describe({ account, reason, until, window, refusal }: Skipped, now: EpochMs, timeZone: string): string {
  const cause = window === null ? reasons[reason] : `${reasons[reason]} (${window})`;
  // Its end is only when it is tried again: nobody should be told to wait for that.
  if (refusal !== undefined) return `${account} ${cause}: ${refusal.replace(/\.$/, '')}`;
  return until === null ? `${account} ${cause}` : `${account} ${cause}, opens ${formatWhen(until, now, timeZone)}`;
}
