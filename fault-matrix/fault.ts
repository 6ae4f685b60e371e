import type { CredentialChange as AnthropicChange } from '../src/simulator/anthropic/scenario.ts';
import type { FaultInput as AnthropicFault } from '../src/simulator/anthropic/fault.ts';
import type { GoogleFaultInput } from '../src/simulator/google/fault.ts';
import type { GoogleCredentialChange } from '../src/simulator/google/scenario.ts';
import type { FaultInput as OpenAiFault } from '../src/simulator/openai/fault.ts';
import type { CredentialChange as OpenAiChange } from '../src/simulator/openai/scenario.ts';
import type { Column } from './column.ts';

/** A fault as a simulator plays it, or a change to the credential. */
type Strike<Fault, Change> = { readonly fault: Fault } | { readonly change: Change };

/** What strikes each kind of account, and a WebSocket where that differs from HTTP. Null where there is no such thing. */
export type Strikes = {
  readonly anthropic: Strike<AnthropicFault, AnthropicChange> | null;
  readonly 'openai key': Strike<OpenAiFault, OpenAiChange> | null;
  readonly 'openai plan': Strike<OpenAiFault, OpenAiChange> | null;
  readonly google: Strike<GoogleFaultInput, GoogleCredentialChange> | null;
  readonly socket?: Strike<OpenAiFault, OpenAiChange> | null;
};

/**
 * What a client saw: the account that answered in full, or how else it ended. `unended` is a clean end without the last
 * event.
 */
export type Sight = 'a' | 'b' | 'error' | 'broken' | 'unended';

/** How an account is left behind. */
export type Standing = 'open' | 'closed' | 'needs login' | 'resting';

/** The rule of a row, the same in every column. */
export type Expectation = {
  readonly first: Sight;
  readonly second: Sight;
  readonly a: Standing;
  readonly b: Standing;
  /** Requests that the provider gets in both asks together, per account. */
  readonly sends: { readonly a: number; readonly b: number };
  /** Of a `first` that is an error. */
  readonly status?: number;
};

/** Columns in which a part of the rule is another, and the reason for it. */
export type Exception = {
  readonly in: (column: Column) => boolean;
  readonly expect: Partial<Expectation>;
  readonly why: string;
};

export type FaultRow = {
  readonly title: string;
  /** What ought to happen, and why; one or two sentences. */
  readonly rule: string;
  readonly strikes: Strikes;
  /** Whom it strikes; `once` is the first request of `a` alone. */
  readonly on: 'a' | 'both' | 'once';
  readonly expect: Expectation;
  readonly exceptions?: readonly Exception[];
  /** The ways of asking in which there is such a fault; all when absent. */
  readonly ways?: readonly Column['way'][];
  /** The provider falls silent: its clock has to move on, before any answer or in the middle of one. */
  readonly silent?: 'before' | 'after';
};

/** What strikes in this column; null where there is no such fault. */
export function strikeOf(row: FaultRow, { family, way }: Column): Strikes[Column['family']] {
  if (row.ways?.includes(way) === false) return null;
  if (row.strikes[family] === null) return null;
  if (way === 'socket' && row.strikes.socket !== undefined) return row.strikes.socket;
  return row.strikes[family];
}

/** The rule as it holds in one column. */
export function expectedIn(row: FaultRow, column: Column): Expectation {
  const exceptions = row.exceptions?.filter((each) => each.in(column)) ?? [];
  return Object.assign({}, row.expect, ...exceptions.map(({ expect }) => expect)) as Expectation;
}
