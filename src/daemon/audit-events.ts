import type { BookEvent } from '../book/book.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { Limit } from '../core/limit/limit.ts';

/** A change of accounts and pools as a record of the audit trail; null for what is none, or is one of an operation's own. */
export function auditOfBook(event: BookEvent): AuditEntry | null {
  switch (event.kind) {
    case 'closed':
      return event.limit.source === 'operator'
        ? null
        : entry('account.limited', event.limit.account, closed(event.limit));
    case 'opened':
      return entry('account.opened', event.limit.account, windowOf(event.limit));
    case 'needs-login':
      return entry('account.needs-login', event.account, event.evidence);
    case 'moved':
      return entry('session.moved', event.session, `from ${event.from} to ${event.to} in pool ${event.pool}`);
    case 'exhausted':
      return entry('pool.exhausted', event.episode.pool, familyOf(event.episode.family));
    case 'recovered': {
      const { family, verifiedBy } = event.episode;
      return entry('pool.recovered', event.episode.pool, `${familyOf(family)}, by ${verifiedBy ?? 'nothing'}`);
    }
    case 'resting':
      return null;
  }
}

function entry(kind: string, subject: string, detail: string): AuditEntry {
  return { kind, surface: 'daemon', actor: 'stint', subject, outcome: 'done', detail };
}

function closed(limit: Limit): string {
  const until = new Date(limit.until).toISOString();
  return `${windowOf(limit)} until ${until}${limit.source === 'estimated' ? ', a guess' : ''}: ${limit.evidence}`;
}

function windowOf({ window, family, overage }: Limit): string {
  return `${window} for ${familyOf(family)}${overage ? ', served for extra money' : ''}`;
}

function familyOf(family: string | null): string {
  return family === null ? 'all models' : `${family} models`;
}
