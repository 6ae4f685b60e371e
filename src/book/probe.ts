import type { Account } from '../core/account/account.ts';
import type { AccountId, ProviderId } from '../core/ids.ts';
import { slotOf } from '../core/limit/limit.ts';
import type { Credential, Fetch, ProbeRequest, Provider, Verdict } from '../providers/provider.ts';
import type { Book } from './book.ts';
import type { Credentials } from './credentials.ts';

export type ProberDeps = {
  readonly book: Book;
  readonly credentials: Pick<Credentials, 'current'>;
  readonly providers: ReadonlyMap<ProviderId, Provider>;
  readonly fetch: Fetch;
};

/** Finds out by the cheapest request there is whether an account serves a model. */
export type Prober = {
  /** Whether such an account may be asked without an agent: only one of an API key, which disguises nobody. */
  covers(account: Account, model: string): boolean;
  /** What such an account is asked for where no agent has named a model. */
  readonly cheapestModel: (provider: ProviderId) => string | null;
  /** Tells the book what came of it. Resolves also where nothing did. */
  ask(account: Account, model: string, signal: AbortSignal): Promise<void>;
};

type Probe = {
  readonly account: Account;
  readonly model: string;
  readonly provider: Provider;
  readonly request: ProbeRequest;
  readonly credential: Credential;
};

const deadlineMs = 30_000;

export function createProber({ book, credentials, providers, fetch }: ProberDeps): Prober {
  const requestOf = (account: Account, model: string): ProbeRequest | null =>
    providers.get(account.provider)?.probe?.(account.credential, model) ?? null;
  return {
    covers: (account, model) => requestOf(account, model) !== null,
    cheapestModel: (provider) => providers.get(provider)?.probeModel ?? null,
    async ask(account, model, stopped) {
      const provider = providers.get(account.provider);
      const request = requestOf(account, model);
      const credential = await credentials.current(account);
      if (provider === undefined || request === null || credential === undefined) return;
      if (!beginProbe(book, account.id)) return;
      const sentAt = book.clock();
      try {
        const signal = AbortSignal.any([stopped, AbortSignal.timeout(deadlineMs)]);
        const verdict = await send({ account, model, provider, request, credential }, { fetch, signal, now: sentAt });
        if (verdict === null) return;
        const served = verdict.outcome.kind === 'served';
        await book.observe({
          account: account.id,
          model,
          sentAt,
          signals: sureOf(book, account.id, verdict),
          served,
          by: 'probe',
        });
      } finally {
        book.end(account.id, { probe: true });
      }
    },
  };
}

/** Takes an account for a probe, if no other is out. No session and no agent is behind it. */
function beginProbe(book: Book, account: AccountId): boolean {
  const state = book.state.accounts.get(account);
  if (state === undefined || state.probeSince !== null) return false;
  state.probeSince = book.clock();
  state.verifiedAt = state.probeSince;
  state.inFlight += 1;
  return true;
}

type Sending = { readonly fetch: Fetch; readonly signal: AbortSignal; readonly now: number };

/** Null when there was no answer that says anything. */
async function send(probe: Probe, { fetch, signal, now }: Sending): Promise<Verdict | null> {
  const { model, provider, request, credential } = probe;
  const headers = new Headers(request.headers);
  headers.set('content-type', 'application/json');
  provider.authorize(headers, credential);
  try {
    const init = { method: request.ask.method, headers, body: request.body, redirect: 'manual', signal } as const;
    const response = await fetch(urlOf(probe), init);
    const text = await response.text();
    if (response.status >= 300 && response.status < 400) return null;
    const answer = { status: response.status, headers: response.headers, body: response.ok ? null : text };
    const inside = response.ok ? provider.errorInside(Buffer.from(text)) : null;
    if (inside !== null) return provider.classifyFrame(inside, { model, now, headers: response.headers });
    return provider.classify(answer, { model, now });
  } catch {
    // No network, the deadline or the stop: it says nothing of the account.
    return null;
  }
}

function urlOf({ account, provider, request, credential }: Probe): string {
  const baseUrl = account.baseUrl ?? provider.baseUrl(credential.kind, credential);
  return provider.urlOf(request.ask, credential, baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl);
}

/** That the account may not do this may be our request's fault, unless an agent's own has told the same. */
function sureOf(book: Book, account: AccountId, { outcome, signals }: Verdict): Verdict['signals'] {
  if (outcome.kind !== 'failed' || outcome.fault !== 'entitlement') return signals;
  const limits = book.state.accounts.get(account)?.limits;
  return signals.filter((each) => each.kind !== 'closed' || limits?.has(slotOf(each)) === true);
}
