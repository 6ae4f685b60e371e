import type { Job } from '../../core/job/job.ts';
import { openQuestion } from '../../core/job/question.ts';
import type { OperationContext } from '../../operations/context.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { findPool } from '../../operations/require.ts';
import { inputFields } from '../../operations/text-input.ts';
import type { Input } from './argument.ts';
import type { Option } from './pending.ts';

/** The next thing to ask before an operation runs: by buttons, or, where there are none, by how it is typed. */
export type Missing = {
  readonly field: string;
  readonly options: readonly Option[];
  /** Options that have no button. */
  readonly more: number;
};

/** More buttons than that are no choice on a phone. */
const mostOptions = 24;

/** What is missing from an input; undefined when the operation can have it. */
export function missingFrom(operation: AnyOperation, input: Input, context: OperationContext): Missing | undefined {
  const { required } = inputFields(operation);
  const order = [...new Set([...operation.positional, ...required])];
  const field = order.find((name) => required.includes(name) && input[name] === undefined);
  const asked =
    field === undefined
      ? unasked[operation.name]?.(input, context)
      : { field, options: optionsOf(operation, field, { input, context }) };
  if (asked === undefined) return undefined;
  const { options } = asked;
  return { ...asked, options: options.slice(0, mostOptions), more: Math.max(0, options.length - mostOptions) };
}

type Asked = Pick<Missing, 'field' | 'options'>;
type Known = { readonly input: Input; readonly context: OperationContext };

/** Where nothing is required but something has to be said: what the words of the CLI leave to its help. */
const unasked: Readonly<Record<string, (input: Input, context: OperationContext) => Asked | undefined>> = {
  'pool.use': (input, context) => {
    if (input['account'] !== undefined || input['auto'] !== undefined) return undefined;
    const members = membersOf(context, input['pool']).map((id) => one('account', id));
    // The operation says that there is no such pool.
    if (members.length === 0) return undefined;
    return { field: 'account', options: [{ text: 'let the pool choose', adds: { auto: true } }, ...members] };
  },
  'limit.set': (input, context) => {
    if (input['account'] === undefined && input['pool'] === undefined && input['all'] !== true)
      return { field: 'account', options: accountsOf(context).map((id) => one('account', id)) };
    if (input['for'] !== undefined || input['until'] !== undefined) return undefined;
    return { field: 'for', options: ['15m', '1h', '5h', '1d', '7d'].map((length) => one('for', length)) };
  },
  'limit.clear': (input, context) => {
    if (Object.keys(input).length > 0) return undefined;
    const limited = context.accounts.all().filter((each) => each.limits.length > 0);
    const options = limited.map(({ account }) => one('account', account.id));
    return { field: 'account', options: [{ text: 'all of them', adds: { all: true } }, ...options] };
  },
};

function optionsOf(operation: AnyOperation, field: string, { input, context }: Known): readonly Option[] {
  const { fields } = inputFields(operation);
  const values = fields[field]?.enum ?? named(operation, field, { input, context });
  const whole = fields[field]?.type === 'array';
  return values.map((value) => ({ text: value, adds: { [field]: whole ? [value] : value } }));
}

function named(operation: AnyOperation, field: string, { input, context }: Known): readonly string[] {
  switch (field) {
    case 'account':
      return operation.name === 'pool.drop' ? membersOf(context, input['pool']) : accountsOf(context);
    case 'accounts': {
      const members = membersOf(context, input['pool']);
      return accountsOf(context).filter((id) => !members.includes(id));
    }
    case 'pool':
      // The name of one that is to be.
      if (operation.name === 'pool.create') return [];
      return context.pools.all().map(({ pool }) => pool.name);
    case 'from':
    case 'to':
      return context.pools.all().flatMap(({ pool }) => (fitsPool(field, pool, input) ? [pool.name] : []));
    case 'job':
      return jobsFor(operation.name, context);
    case 'channel':
      return context.notices.channels();
    case 'provider':
      return context.providers.ids();
    default:
      return [];
  }
}

/** Of `pool.move`: from where the account is, to where it is not. */
function fitsPool(field: string, pool: { name: string; accounts: readonly string[] }, input: Input): boolean {
  const account = String(input['account']);
  if (field === 'from') return pool.accounts.some((id) => id === account || id.endsWith(`/${account}`));
  return field !== 'to' || pool.name !== input['from'];
}

/** Where something can be done to a job; any state where this says nothing. */
const fitting: Readonly<Record<string, readonly Job['state']['kind'][]>> = {
  'job.cancel': ['queued', 'starting', 'running', 'parked', 'waiting', 'stopping', 'blocked'],
  'job.park': ['queued', 'starting', 'running', 'waiting'],
  'job.resume': ['parked'],
  'job.retry': ['failed', 'blocked', 'cancelled'],
};

/** The latest first. */
function jobsFor(operation: string, { jobs }: OperationContext): readonly string[] {
  return jobs
    .all()
    .filter((job) => (operation === 'job.answer' ? openQuestion(job) !== null : isFitting(operation, job)))
    .toSorted((a, b) => b.addedAt - a.addedAt)
    .map(({ id }) => id);
}

function isFitting(operation: string, { state }: Job): boolean {
  return fitting[operation]?.includes(state.kind) ?? true;
}

function accountsOf({ accounts }: OperationContext): readonly string[] {
  return accounts.all().map(({ account }) => account.id);
}

function membersOf(context: OperationContext, name: unknown): readonly string[] {
  return findPool(context, String(name))?.pool.accounts ?? [];
}

function one(field: string, value: string): Option {
  return { text: value, adds: { [field]: value } };
}
