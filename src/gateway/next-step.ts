import { decide, decideFirst, type Step } from '../core/failover/decide.ts';
import type { Outcome } from '../core/failover/outcome.ts';
import type { AccountId } from '../core/ids.ts';
import type { Selection } from '../core/pool/selection.ts';
import type { Book } from '../book/book.ts';
import { triesOf, type Exchange, type Suspect } from './exchange.ts';

type StepDeps = { readonly book: Book; readonly random: () => number };

/** Decides what a request does that has nothing under way. */
export function startAnew(deps: StepDeps, exchange: Exchange): { next: Selection; step: Step } {
  const { wanted, progress, holdUntil } = exchange;
  const next = deps.book.select(wanted, progress.exclude, progress.queuedMs);
  return { next, step: decideFirst(next, { holdUntil, passing: isPassing(deps, exchange) }, deps.book.clock()) };
}

type FailedTry = {
  readonly account: AccountId;
  readonly outcome: Extract<Outcome, { kind: 'failed' }>;
  readonly mended: boolean | undefined;
  readonly unrenewed: boolean | undefined;
};

/** Decides what follows a try that failed. */
export function decideNext(
  deps: StepDeps,
  exchange: Exchange,
  { account, outcome, mended = false, unrenewed = false }: FailedTry,
): { step: Step; next: Selection } {
  const { suspects } = exchange.progress;
  const next = exceptAccount(deps, exchange, account);
  const repeated = isRepeated(suspects, outcome.detail);
  if (repeated) suspects.length = 0;
  const passing = isPassing(deps, exchange);
  const tries = { ...triesOf(exchange, account, deps.random()), passing, mended, unrenewed, repeated };
  return { step: decide(tries, outcome, next, deps.book.clock()), next };
}

/** The last two refusals came from two accounts, in the same words: it is the request, and closes neither. */
function isRepeated(suspects: readonly Suspect[], detail: string): boolean {
  const [before, last] = suspects.slice(-2);
  return last !== undefined && last.account !== before?.account && before?.detail === detail && last.detail === detail;
}

function isPassing({ book }: StepDeps, { wanted, progress }: Exchange): boolean {
  return progress.passing !== null && book.takes(wanted, progress.passing.account);
}

function exceptAccount({ book }: StepDeps, { wanted, progress }: Exchange, account: AccountId): Selection {
  return book.select(wanted, [...progress.exclude, account], progress.queuedMs);
}
