import type { BookEvent } from '../book/book.ts';
import type { CredentialEvent } from '../book/credentials.ts';
import type { UsageEvent } from '../book/usage.ts';
import { formatWhen } from '../core/time.ts';
import type { GatewayLog } from '../gateway/ports.ts';
import type { Log } from '../log/log.ts';

/** The gateway's requests as lines of the log. */
export function gatewayLog(log: Log): GatewayLog {
  return {
    request: (record) => log.info('request', record),
    refused: (refusal) => log.warning('request refused', refusal),
    bug: (error) => log.bug(error),
  };
}

/** A change of accounts and pools as a line of the log. */
export function tellBook(log: Log, event: BookEvent): void {
  switch (event.kind) {
    case 'closed':
      return log.info('limit', { ...event.limit, when: formatWhen(event.limit.until, event.limit.observedAt, 'UTC') });
    case 'opened':
      return log.info('limit cleared', { ...event.limit });
    case 'needs-login':
      return log.warning('account needs a new credential', {
        account: event.account,
        evidence: event.evidence,
        mend: event.mend,
      });
    case 'resting':
      return log.warning('account rests after network errors', { account: event.account, until: event.until });
    // The request's own line has its account.
    case 'moved':
      return undefined;
    case 'exhausted':
    case 'recovered':
      return log.warning(`pool ${event.kind}`, { ...event.episode });
  }
}

/** What became of a login as a line of the log. */
export function tellCredentials(log: Log, event: CredentialEvent): void {
  const { kind, ...more } = event;
  if (kind === 'renewed') log.info('login renewed', more);
  else log.warning('login not renewed', more);
}

/** A usage endpoint that said nothing, which is nobody's fault. */
export function tellUsage(log: Log, { account, detail }: UsageEvent): void {
  log.info('usage unknown', { account, detail });
}
