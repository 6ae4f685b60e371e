import { isHopFault, type Step } from '../core/failover/decide.ts';
import type { Fault } from '../core/failover/outcome.ts';
import type { AccountId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import type { Selection } from '../core/pool/selection.ts';
import { pause } from '../lib/pause.ts';
import type { SendDeps, Sent } from './send.ts';
import { newProgress, type Answer, type Exchange, type Failed, type Progress } from './exchange.ts';
import { decideNext, startAnew } from './next-step.ts';
import { paceRetries } from './pace.ts';
import { explainGiveUp, type GivenUp } from './give-up.ts';

/** Sends a request once, on one account; see `send`. */
export type Sender = (deps: SendDeps, exchange: Exchange, account: AccountId) => Promise<Sent>;

export type FailoverDeps = SendDeps & { readonly send: Sender; readonly random: () => number };

/**
 * How far a request got:
 *
 * - `answer`: to deliver; `end` must be called when its last byte is through.
 * - `hold`: nobody is open before `until`; see `waitOut`.
 * - `problem`: the pool's own answer.
 * - `dropped`: the client is gone.
 */
export type Progressed =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly end: () => void }
  | { readonly kind: 'hold'; readonly until: EpochMs }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'dropped' };

/** Takes a request from selection to an answer, over as many sends as `decide` allows. What was learnt is durable by then. */
export async function failover(deps: FailoverDeps, exchange: Exchange): Promise<Progressed> {
  exchange.wanted.only ??= ownerOf(deps, exchange);
  const inference = exchange.route === 'inference';
  const progressed = await (inference ? takeSteps(deps, exchange) : askAnybody(deps, exchange));
  for (const suspect of exchange.progress.suspects.splice(0)) suspect.observe();
  const written = deps.book.journal.written();
  if (written !== undefined) await written;
  return progressed;
}

/** The account that made what the request names; undefined where that is nothing, or nobody knows. */
function ownerOf({ owners, book }: FailoverDeps, { bonds }: Exchange): AccountId | undefined {
  for (const name of bonds.hard) {
    const owner = owners.of(name);
    const account = owner === undefined ? undefined : book.find(owner)?.account.id;
    if (account !== undefined) return account;
  }
  return undefined;
}

/**
 * Counts of tokens and lists of models spend no quota: any account with a login answers them, be it closed, and they
 * move nothing. A second account is asked where the first has no answer.
 */
async function askAnybody(deps: FailoverDeps, exchange: Exchange): Promise<Progressed> {
  const { book } = deps;
  const { wanted, record } = exchange;
  let failed: Failed | null = null;
  for (const account of book.loggedIn(wanted).slice(0, 2)) {
    record.account = account;
    const first = await askOnce(deps, exchange, account);
    const sent = first.mended === true ? await askOnce(deps, exchange, account) : first;
    const { outcome, answer, unrenewed } = sent;
    if (outcome.kind === 'aborted') return { kind: 'dropped' };
    if (outcome.kind === 'served' && answer !== null) return { kind: 'answer', answer, end: () => undefined };
    if (outcome.kind !== 'failed') continue;
    failed = { account, fault: outcome.fault, detail: outcome.detail, answer, unrenewed };
    // One account knows nothing of what another made.
    if (outcome.fault === 'request' && exchange.bonds.hard.length === 0) break;
  }
  if (failed !== null) return deliver(exchange, failed);
  const step = { kind: 'give-up', why: 'needs-login', until: null, reason: 'no account is logged in' } as const;
  return giveUp(deps, exchange, { step, next: book.select(wanted, [], 0) });
}

async function askOnce(deps: FailoverDeps, exchange: Exchange, account: AccountId): Promise<Sent> {
  const sent = await deps.send(deps, exchange, account);
  const { outcome } = sent;
  exchange.record.tries.push({ account, outcome: outcome.kind === 'failed' ? outcome.fault : outcome.kind });
  return sent;
}

async function takeSteps(deps: FailoverDeps, exchange: Exchange): Promise<Progressed> {
  let { step, next } = startAnew(deps, exchange);
  let last: Failed | null = null;
  let place: Place | null = null;
  for (;;) {
    if (exchange.client.aborted) {
      place?.end();
      return { kind: 'dropped' };
    }
    switch (step.kind) {
      case 'next-account':
      case 'retry-same': {
        const tried = await sendOnce(deps, exchange, { step, place });
        place = tried.kind === 'failed' ? tried.kept : null;
        if (tried.kind === 'progressed') return tried.progressed;
        if (tried.kind === 'closed') ({ step, next } = startAnew(deps, exchange));
        else ({ failed: last, step, next } = tried);
        if (last !== null && isHopFault(last.fault)) exchange.progress.passing = last;
        break;
      }
      case 'queue':
        await queue(deps, exchange, step.until);
        ({ step, next } = startAnew(deps, exchange));
        break;
      case 'hold':
        return { kind: 'hold', until: step.until };
      case 'give-up':
        return giveUp(deps, exchange, { step, next });
      case 'deliver':
        return deliver(exchange, step.answer === 'passing' ? exchange.progress.passing : last);
      case 'drop':
        return { kind: 'dropped' };
    }
  }
}

/** Goes on after a hold: a new round of tries, with every account as it is by then. */
function resume(deps: FailoverDeps, exchange: Exchange): Promise<Progressed> {
  Object.assign(exchange.progress, newProgress());
  return failover(deps, exchange);
}

/** Waits inside the open request, as often as it takes, until there is something to tell its client. */
export async function waitOut(
  deps: FailoverDeps,
  exchange: Exchange,
  until: EpochMs,
): Promise<Exclude<Progressed, { kind: 'hold' }>> {
  const { book } = deps;
  let progressed: Progressed = { kind: 'hold', until };
  while (progressed.kind === 'hold') {
    const from = book.clock();
    exchange.progress.heldUntil = progressed.until;
    await book.waitForTurn(progressed.until, exchange.client);
    exchange.record.heldMs += book.clock() - from;
    progressed = await resume(deps, exchange);
  }
  return progressed;
}

type SendStep = Extract<Step, { kind: 'next-account' | 'retry-same' }>;
type Target = { readonly account: AccountId; readonly probe: boolean };
/** What a try that is to be repeated keeps on its account, so that nobody takes it in the pause. */
type Place = Target & { readonly end: () => void };
type Turn = { readonly step: SendStep; readonly place: Place | null };
/** `closed`: the account takes no such request any more, and nothing was sent. */
type Tried =
  | { readonly kind: 'closed' }
  | { readonly kind: 'progressed'; readonly progressed: Progressed }
  | {
      readonly kind: 'failed';
      readonly failed: Failed;
      readonly step: Step;
      readonly next: Selection;
      readonly kept: Place | null;
    };

async function sendOnce(deps: FailoverDeps, exchange: Exchange, { step, place }: Turn): Promise<Tried> {
  const { book } = deps;
  const { progress, record } = exchange;
  if (step.kind === 'retry-same') await pause(step.delayMs, exchange.client);
  // Before anybody who is woken by it asks selection again, the place is taken anew.
  place?.end();
  const { account, probe }: Target = step.kind === 'retry-same' ? targetOf(place) : step;
  // Others may have met a limit in the meantime.
  if (step.kind === 'retry-same' && !book.takes(exchange.wanted, account)) return { kind: 'closed' };
  const written = book.begin(exchange.wanted, account, { probe, failover: progress.sends > 0 });
  if (written !== undefined) {
    await written;
    if (!probe && !book.takes(exchange.wanted, account)) {
      book.end(account, { probe });
      return { kind: 'closed' };
    }
  }
  if (exchange.client.aborted) {
    book.end(account, { probe });
    return { kind: 'progressed', progressed: { kind: 'dropped' } };
  }
  progress.probing = probe ? account : null;
  progress.sends += 1;
  progress.sendsByAccount.set(account, (progress.sendsByAccount.get(account) ?? 0) + 1);
  record.account = account;
  const entry: (typeof record.tries)[number] = { account, outcome: 'sent' };
  record.tries.push(entry);

  const end = once(() => book.end(account, { probe }));
  if (exchange.bonds.hard.length > 0 && exchange.wanted.only === undefined) exchange.wanted.only = account;
  const { outcome, answer, mended, unrenewed } = await deps.send(deps, exchange, account).catch((error: unknown) => {
    end();
    throw error;
  });
  entry.outcome = outcome.kind === 'failed' ? outcome.fault : outcome.kind;
  if (outcome.kind === 'served' && answer !== null) {
    return { kind: 'progressed', progressed: { kind: 'answer', answer, end } };
  }
  if (outcome.kind !== 'failed') {
    end();
    return { kind: 'progressed', progressed: { kind: 'dropped' } };
  }
  const { fault, detail } = outcome;
  entry.detail = detail;
  let kept: Place | null = null;
  try {
    const decided = decideNext(deps, exchange, { account, outcome, mended, unrenewed });
    if (decided.step.kind === 'retry-same') kept = { account, probe, end };
    else leave(progress, account, fault);
    return { kind: 'failed', failed: { account, fault, detail, answer, unrenewed }, ...decided, kept };
  } finally {
    if (kept === null) end();
  }
}

function leave(progress: Progress, account: AccountId, fault: Fault): void {
  progress.exclude.push(account);
  if (isHopFault(fault)) progress.hops += 1;
}

function targetOf(place: Place | null): Target {
  if (place === null) throw new Error('a retry needs a try before it');
  return place;
}

async function queue({ book }: FailoverDeps, { progress, record, client }: Exchange, until: EpochMs): Promise<void> {
  const from = book.clock();
  await book.waitForTurn(until, client);
  const waitedMs = book.clock() - from;
  progress.queuedMs += waitedMs;
  record.queuedMs += waitedMs;
}

function giveUp({ book, settings }: FailoverDeps, exchange: Exchange, why: Pick<GivenUp, 'step' | 'next'>): Progressed {
  const { timeZone } = settings;
  return { kind: 'problem', problem: explainGiveUp({ ...why, exchange, now: book.clock(), timeZone }) };
}

function deliver({ record }: Exchange, failed: Failed | null): Progressed {
  if (failed === null) throw new Error('nothing was sent that could be delivered');
  record.account = failed.account;
  if (failed.answer === null) return { kind: 'problem', problem: unreachable(failed) };
  paceRetries(failed.answer.headers, failed.fault);
  return { kind: 'answer', answer: failed.answer, end: () => undefined };
}

function unreachable({ account, detail, unrenewed }: Failed): Problem {
  if (unrenewed) {
    return new Problem('upstream', `Stint: ${account} could not be used: ${detail}.`, {
      hint: 'Stint tries its login again with the next request; it is kept. See: stint status',
    });
  }
  return new Problem('upstream', `Stint: ${account} could not be reached: ${detail}.`, {
    hint: 'Check the network and the account’s base URL with: stint doctor',
  });
}

function once(run: () => void): () => void {
  let ran = false;
  return () => {
    if (ran) return;
    ran = true;
    run();
  };
}
