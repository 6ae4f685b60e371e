import type { CompiledQuery, Kysely, Transaction } from 'kysely';
import type { Session } from '../book/ports.ts';
import type { AccountId, Label } from '../core/ids.ts';
import { slotOf, type Limit } from '../core/limit/limit.ts';
import type { Tables } from './tables.ts';

type On = Transaction<Tables>;

/** The writes of a request's path, compiled once: building a query takes several times as long as running it. */
export type CompiledWrites = {
  readonly isKnown: (on: On, account: AccountId) => Promise<boolean>;
  readonly isPool: (on: On, name: Label) => Promise<boolean>;
  readonly saveCurrent: (on: On, pool: Label, account: AccountId) => Promise<void>;
  readonly saveSession: (on: On, session: Session) => Promise<void>;
  readonly saveLimit: (on: On, limit: Limit) => Promise<void>;
};

export function compileWrites(db: Kysely<Tables>): CompiledWrites {
  const limitColumns = limitRow(emptyLimit);
  const known = db.selectFrom('accounts').select('id').where('id', '=', placeholder.account).compile();
  const pool = db.selectFrom('pools').select('name').where('name', '=', placeholder.pool).compile();
  const current = db
    .updateTable('pools')
    .set({ current: placeholder.account })
    .where('name', '=', placeholder.pool)
    .compile();
  const session = db
    .insertInto('sessions')
    .values(placeholder)
    .onConflict((on) =>
      on.column('id').doUpdateSet((given) => ({
        pool: given.ref('excluded.pool'),
        account: given.ref('excluded.account'),
        startedAt: given.ref('excluded.startedAt'),
        movedAt: given.ref('excluded.movedAt'),
        seenAt: given.ref('excluded.seenAt'),
        moves: given.ref('excluded.moves'),
      })),
    )
    .compile();
  const limit = db
    .insertInto('limits')
    .values(limitColumns)
    .onConflict((on) =>
      on.columns(['account', 'slot']).doUpdateSet((given) => ({
        version: given.ref('excluded.version'),
        source: given.ref('excluded.source'),
        until: given.ref('excluded.until'),
        observedAt: given.ref('excluded.observedAt'),
        repeats: given.ref('excluded.repeats'),
        evidence: given.ref('excluded.evidence'),
      })),
    )
    .compile();
  return {
    isKnown: async (on, account) => (await on.executeQuery(withParameters(known, [account]))).rows.length > 0,
    isPool: async (on, name) => (await on.executeQuery(withParameters(pool, [name]))).rows.length > 0,
    saveCurrent: async (on, pool, account) => void (await on.executeQuery(withParameters(current, [account, pool]))),
    saveSession: async (on, row) => void (await on.executeQuery(withParameters(session, valuesOf(placeholder, row)))),
    saveLimit: async (on, row) =>
      void (await on.executeQuery(withParameters(limit, valuesOf(limitColumns, limitRow(row))))),
  };
}

const placeholder: Session = {
  id: '' as Session['id'],
  pool: '' as Label,
  account: '' as AccountId,
  startedAt: 0,
  movedAt: 0,
  seenAt: 0,
  moves: 0,
};

const emptyLimit: Limit = {
  account: placeholder.account,
  window: '',
  family: null,
  overage: false,
  version: 0,
  source: 'estimated',
  until: 0,
  observedAt: 0,
  repeats: 0,
  evidence: '',
};

/** Providers give times with fractions of a millisecond, which a column of whole numbers does not take. */
function limitRow(limit: Limit): Tables['limits'] {
  return {
    ...limit,
    slot: slotOf(limit),
    overage: limit.overage ? 1 : 0,
    until: Math.ceil(limit.until),
    observedAt: Math.round(limit.observedAt),
  };
}

/** Values in the order of the columns that were compiled. */
function valuesOf<Row extends object>(columns: Row, row: Row): unknown[] {
  return Object.keys(columns).map((name) => row[name as keyof Row]);
}

function withParameters<Result>(query: CompiledQuery<Result>, parameters: unknown[]): CompiledQuery<Result> {
  return { ...query, parameters };
}
