import type { AccountId } from '../../core/ids.ts';
import { secondMs } from '../../core/time.ts';
import { decodeBody } from '../../lib/decode.ts';
import type { Exchange } from '../exchange.ts';
import { returnedHeaders } from '../headers.ts';
import * as sending from '../send.ts';
import type { Authorized, Seen, SendDeps, Sent } from '../send.ts';
import { UpstreamFailure } from '../upstream.ts';
import { connect, type Connected } from './connect.ts';
import type { ProxyRules } from './proxy.ts';
import type { UpstreamSocket } from './upstream-socket.ts';

/** Codex waits 15 s for an upgrade; another account is to have its turn within that. */
const longestUpgradeMs = 10 * secondMs;

export type OpenDeps = SendDeps & { readonly proxy: ProxyRules | null };

/** An account's connection with the credential that opened it. */
export type Opened = { readonly upstream: UpstreamSocket; readonly authorized: Authorized };

/** Asks for a WebSocket on one account. What a refusal told is in the book when this resolves. */
export async function openOn(
  deps: OpenDeps,
  exchange: Exchange,
  account: AccountId,
): Promise<{ readonly opened: Opened } | { readonly sent: Sent }> {
  const { book, settings } = deps;
  const seen: Seen = { exchange, account, sentAt: book.clock() };
  try {
    const authorized = await sending.authorizedOf(deps, account);
    if (authorized === undefined) return { sent: sending.missingSecret(book, seen) };
    const connected = await connect(
      {
        ...deps,
        clock: book.clock,
        timeoutMs: Math.min(settings.headTimeoutMs.streamed, longestUpgradeMs),
        maxPayloadBytes: settings.bodyLimitBytes,
        tls: settings.tls,
      },
      {
        account,
        url: sending.urlOf(exchange, authorized),
        headers: sending.headersOf(deps, seen, authorized),
        client: exchange.client,
      },
    );
    if (connected.kind === 'refused') return { sent: await judgeRefusal(deps, seen, { connected, authorized }) };
    observeHead(deps, seen, connected.upstream.headers);
    return { opened: { upstream: connected.upstream, authorized } };
  } catch (error) {
    return { sent: failedToOpen(deps, seen, error) };
  }
}

/** Whether a connection is still open, of this account, and opened with the credential and at the place it has now. */
export async function isCurrent(
  deps: OpenDeps,
  { exchange, account }: Pick<Seen, 'exchange' | 'account'>,
  opened: Opened | null,
): Promise<boolean> {
  if (opened === null || opened.upstream.account !== account) return false;
  const now = await sending.authorizedOf(deps, account);
  if (now === undefined || !opened.upstream.isOpen) return false;
  const then = opened.authorized;
  return (
    Bun.deepEquals(now.credential, then.credential) && sending.urlOf(exchange, now) === sending.urlOf(exchange, then)
  );
}

/** An accepted upgrade did no work yet: what its headers say of windows counts, and nothing else of it. */
function observeHead({ book, owners }: OpenDeps, seen: Seen, headers: Headers): void {
  const { exchange, account, sentAt } = seen;
  const { provider } = exchange;
  const verdict = provider.classify({ status: 200, headers, body: null }, sending.contextOf(book, seen));
  const signals = verdict.signals.filter(({ kind }) => kind === 'reading');
  book.observeFault(account, null);
  void book.observe({ account, model: exchange.wanted.model, sentAt, signals, served: false });
  for (const name of provider.bonds?.made(headers, '') ?? []) owners.note(name, account);
}

type Refused = { readonly connected: Extract<Connected, { kind: 'refused' }>; readonly authorized: Authorized };

async function judgeRefusal(deps: OpenDeps, seen: Seen, { connected, authorized }: Refused): Promise<Sent> {
  const { status, headers, bytes } = connected;
  // A redirect would take the credential to another host; what is below 300 is no answer to an upgrade.
  if (status < 400) throw new UpstreamFailure(`HTTP ${status} in answer to an upgrade`);
  const { provider } = seen.exchange;
  const encoding = headers.get('content-encoding');
  const body = await decodeBody(bytes, encoding);
  const answer = { status, headers, body: body?.toString('utf8') ?? null };
  const verdict = provider.classify(answer, sending.contextOf(deps.book, seen));
  const mending = await sending.mend(deps, seen, { verdict, authorized });
  sending.observe(deps.book, seen, mending.verdict);
  const decoded = body !== null && encoding !== null;
  const told = { status, headers: returnedHeaders(headers, decoded), bytes: decoded ? body : bytes };
  return sending.sentOf(mending, { kind: 'whole', ...told, account: seen.account });
}

function failedToOpen({ book }: OpenDeps, { exchange, account }: Seen, error: unknown): Sent {
  if (exchange.client.aborted) return { outcome: { kind: 'aborted' }, answer: null };
  // A bug of ours is nobody's network.
  if (!(error instanceof UpstreamFailure)) throw error;
  book.observeFault(account, 'network');
  return { outcome: { kind: 'failed', fault: 'network', detail: error.message }, answer: null };
}
