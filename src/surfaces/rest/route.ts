import type { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import type { OperationContext } from '../../operations/context.ts';
import { invalidInput } from '../../operations/invalid-input.ts';
import { execute, executeStream, type AnyOperation } from '../../operations/operation.ts';
import { inputFields, type FieldSchema } from '../../operations/text-input.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Fields = Readonly<Record<string, unknown>>;
/** Runs another operation as the same caller. */
export type Ask = (operation: string, input: object) => Promise<unknown>;

/** A path that people expect, and which operation answers there. */
export type ResourcePath = {
  readonly method: Method;
  /** With its parameters in braces: `/api/pools/{name}`. */
  readonly path: string;
  readonly operation: string;
  /** 201 where something is created. */
  readonly status?: 201;
  /** Fields of the operation that come from the path: `{ pool: '{name}' }`. */
  readonly from?: Readonly<Record<string, string>>;
  /** Fields that are called otherwise here, with the operation’s own name. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Where the input is another one. */
  readonly special?: Special;
};

/** A path whose input and output are its own; all operations that it may run are named. */
export type Special = {
  readonly takes: z.ZodObject;
  readonly also: readonly string[];
  /** Null where it answers as its operation does. */
  readonly gives: z.ZodType | null;
  run(fields: never, ask: Ask, context: OperationContext): Promise<unknown>;
};

/** One method of one path, with all that the document says of it. */
export type Route = {
  readonly method: Method;
  readonly path: string;
  readonly operation: AnyOperation;
  /** Every operation that it may run. */
  readonly runs: readonly string[];
  readonly status: 200 | 201;
  /** What comes in the query or the body, as JSON Schema. */
  readonly fields: Readonly<Record<string, FieldSchema>>;
  readonly required: readonly string[];
  /** The parameters of the path. */
  readonly parameters: readonly string[];
  readonly gives: z.ZodType;
  /** The input of the operation, of what the request has. Throws a Problem where that cannot be one. */
  inputOf(parameters: Readonly<Record<string, string>>, fields: Fields): Fields;
  answer(input: Fields, context: OperationContext): Promise<unknown>;
  /** Only where the operation answers with a stream. */
  readonly stream?: (input: Fields, context: OperationContext, signal: AbortSignal) => AsyncIterator<unknown>;
};

/** `POST /api/<operation>` for all, and GET for those that read. */
export function operationRoutes(operations: readonly AnyOperation[]): Route[] {
  return operations.flatMap((operation) => {
    const methods: readonly Method[] = operation.effect === 'read' ? ['GET', 'POST'] : ['POST'];
    return methods.map((method) =>
      routeOf({ method, path: `/api/${operation.name}`, operation: operation.name }, operations),
    );
  });
}

export function routeOf(row: ResourcePath, operations: readonly AnyOperation[]): Route {
  const operation = find(operations, row.operation);
  const { special, from = {} } = row;
  const shared = {
    method: row.method,
    path: row.path,
    operation,
    status: row.status ?? 200,
    parameters: [...row.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''),
  } as const;
  if (special !== undefined) return { ...shared, ...specialRoute(shared, special, operations) };
  const names = new Map(Object.entries(row.rename ?? {}).map(([here, own]) => [own, here]));
  const { fields, required } = fieldsOf(operation);
  const here = Object.entries(fields).flatMap(([name, schema]) =>
    Object.hasOwn(from, name) ? [] : [[names.get(name) ?? name, schema] as const],
  );
  return {
    ...shared,
    runs: [operation.name],
    fields: Object.fromEntries(here),
    required: required.filter((name) => !Object.hasOwn(from, name)).map((name) => names.get(name) ?? name),
    gives: operation.output,
    inputOf: (parameters, given) => ({
      ...ownNames(row, given),
      ...Object.fromEntries(Object.entries(from).map(([name, form]) => [name, fill(form, parameters)])),
    }),
    answer: (input, context) => execute(operation, input, context),
    ...(operation.kind === 'stream'
      ? { stream: (input, context, signal) => executeStream(operation, input, { context, signal }) }
      : {}),
  };
}

function specialRoute(
  { method, path, operation, parameters }: Pick<Route, 'method' | 'path' | 'operation' | 'parameters'>,
  special: Special,
  operations: readonly AnyOperation[],
): Omit<Route, 'method' | 'path' | 'operation' | 'parameters' | 'status'> {
  const { takes, also, gives: own } = special;
  // Named by its path, so that what is wrong with the input is said of what was asked.
  const asked: AnyOperation = { ...operation, name: `${method} ${path}`, input: takes.strict() };
  const { fields, required } = inputFields(asked);
  const runs = [operation.name, ...also];
  const gives = own ?? operation.output;
  return {
    runs,
    fields: Object.fromEntries(Object.entries(fields).filter(([name]) => !parameters.includes(name))),
    required: required.filter((name) => !parameters.includes(name)),
    gives,
    inputOf(given, rest) {
      refuseTwice(path, parameters, rest);
      const input = { ...rest, ...given };
      const parsed = asked.input.safeParse(input);
      if (!parsed.success) throw invalidInput(asked, input, parsed.error);
      return parsed.data;
    },
    async answer(input, context) {
      const ask: Ask = (name, wish) => {
        if (!runs.includes(name)) throw new Error(`${asked.name} does not say that it runs ${name}`);
        return execute(find(operations, name), wish, context);
      };
      return gives.parse(await special.run(input as never, ask, context));
    },
  };
}

/** The fields by the operation’s own names; one of its own that is called otherwise here is none of this path’s. */
function ownNames({ method, path, rename = {}, from = {} }: ResourcePath, given: Fields): Fields {
  refuseTwice(path, Object.keys(from), given);
  const other = Object.values(rename).find((name) => Object.hasOwn(given, name));
  if (other !== undefined) {
    const hint = `It is called ${Object.keys(rename).find((name) => rename[name] === other)} here.`;
    throw new Problem('invalid', `${method} ${path} has no field ${other}.`, { hint });
  }
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [ownValue(rename, name) ?? name, value]));
}

/** What the path says is not said again. */
function refuseTwice(path: string, names: readonly string[], given: Fields): void {
  const twice = names.find((name) => Object.hasOwn(given, name));
  if (twice === undefined) return;
  throw new Problem('invalid', `${path} has no field ${twice}: the path says it.`, { hint: 'Leave it out.' });
}

function fill(form: string, parameters: Readonly<Record<string, string>>): string {
  return form.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? '');
}

function find(operations: readonly AnyOperation[], name: string): AnyOperation {
  const found = operations.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no operation ${name}`);
  return found;
}

type InputFields = ReturnType<typeof inputFields>;
const known = new WeakMap<AnyOperation, InputFields>();

/** Made once for each operation: it has several paths, on two listeners. */
function fieldsOf(operation: AnyOperation): InputFields {
  const fields = known.get(operation) ?? inputFields(operation);
  known.set(operation, fields);
  return fields;
}

/** A request chooses the name: it must not reach what every object has. */
export function ownValue<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
