import { describe, expect, test } from 'bun:test';
import { buildLimit, captured, idOf, labelFrom } from '../../test/builders.ts';
import type { BookEvent } from '../book/book.ts';
import type { Episode } from '../book/ports.ts';
import { asSessionId } from '../core/ids.ts';
import { auditOfBook } from './audit-events.ts';

const episode: Episode = {
  id: 'episode-1',
  pool: labelFrom('anthropic'),
  family: 'opus',
  exhaustedAt: 1,
  recoveredAt: null,
  model: 'claude-opus-4-8',
  verifiedBy: null,
  reset: null,
};

describe('the record in the audit trail', () => {
  test.each<[BookEvent, string, string, string]>([
    [
      { kind: 'closed', limit: buildLimit() },
      'account.limited',
      'anthropic/a',
      'five_hour for all models until 2026-11-21T01:54:59.000Z: five_hour rejected',
    ],
    [
      { kind: 'closed', limit: buildLimit({ family: 'opus', source: 'estimated', overage: true, until: captured }) },
      'account.limited',
      'anthropic/a',
      'five_hour for opus models, served for extra money until 2026-11-21T00:54:59.000Z, a guess: five_hour rejected',
    ],
    [{ kind: 'opened', limit: buildLimit({ until: 0 }) }, 'account.opened', 'anthropic/a', 'five_hour for all models'],
    [
      { kind: 'needs-login', account: idOf('a'), evidence: 'revoked', mend: 'stint account add anthropic a --replace' },
      'account.needs-login',
      'anthropic/a',
      'revoked',
    ],
    [
      {
        kind: 'moved',
        pool: labelFrom('anthropic'),
        session: asSessionId('s-1'),
        from: idOf('a'),
        to: idOf('b'),
      },
      'session.moved',
      's-1',
      'from anthropic/a to anthropic/b in pool anthropic',
    ],
    [{ kind: 'exhausted', episode: { ...episode, family: null } }, 'pool.exhausted', 'anthropic', 'all models'],
    [
      { kind: 'recovered', episode: { ...episode, recoveredAt: 2, verifiedBy: 'usage' } },
      'pool.recovered',
      'anthropic',
      'opus models, by usage',
    ],
  ])('of %j is %s', (...[event, kind, subject, detail]) => {
    expect(auditOfBook(event)).toEqual({ kind, subject, detail, surface: 'daemon', actor: 'stint', outcome: 'done' });
  });

  test('is none of what an operation has its own of, and of a rest', () => {
    expect(auditOfBook({ kind: 'closed', limit: buildLimit({ source: 'operator' }) })).toBeNull();
    expect(auditOfBook({ kind: 'resting', account: idOf('a'), until: 1 })).toBeNull();
  });
});
