import type { JobView } from '../../operations/job-view.ts';
import { inputFields } from '../../operations/text-input.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import type { Cli } from './cli.ts';
import { untilInterrupted } from './interrupted.ts';
import { hasEnded } from './job/state.ts';
import { jobLogPrinter } from './job/render-log.ts';
import { reachLasting, type Lasting, type StreamWish } from './lasting.ts';
import type { GlobalOptions } from './options.ts';
import { render } from './render.ts';

type Input = Readonly<Record<string, unknown>>;
type Followed = { readonly operation: AnyOperation; readonly input: Input; readonly options: GlobalOptions };

/** Prints what a streaming operation answers, a line for each, until its end or until interrupted. */
export async function followStream(cli: Cli, { operation, input, options }: Followed): Promise<void> {
  using interrupted = untilInterrupted();
  const { signal } = interrupted;
  const tell = (news: 'gone' | 'back'): void => {
    if (news === 'gone') cli.terminal.error('The daemon has stopped; this goes on when it runs again.');
  };
  const daemon = await reachLasting(cli, { options, signal, tell });
  const textOf = linesOf(cli, operation.name);
  const items = 'after' in inputFields(operation).fields ? byCursor : byCount;
  for await (const item of items(daemon, operation.name, input)) {
    const text = options.json ? JSON.stringify(item) : textOf(item);
    if (text !== null) cli.terminal.print(text);
  }
  cli.exit(interrupted.code());
}

/** What a line says may depend on those before it; null for one that need not be shown. */
function linesOf({ terminal }: Cli, name: string): (item: unknown) => string | null {
  return name === 'job.logs' ? jobLogPrinter(terminal) : (item) => render(name, item, terminal);
}

/** Items have ids, by which it goes on after a gap. It has no end. */
async function* byCursor(daemon: Lasting, name: string, input: Input): AsyncGenerator<unknown> {
  let last = await startOf(daemon, input);
  for await (const item of daemon.stream(name, { from: () => ({ ...input, after: last }) })) {
    last = (item as { readonly id: number }).id;
    yield item;
  }
}

/** Begins anew after a gap; what came before is left out. */
async function* byCount(daemon: Lasting, name: string, input: Input): AsyncGenerator<unknown> {
  let seen = 0;
  let at = 0;
  const from = (): object => {
    at = 0;
    return input;
  };
  for await (const item of daemon.stream(name, { from, isOver: endOf(daemon, name, input) })) {
    at += 1;
    if (at <= seen) continue;
    seen = at;
    yield item;
  }
}

/** A daemon that stops ends a stream as well: only one that began when the job had ended has told everything. */
function endOf(daemon: Lasting, name: string, input: Input): NonNullable<StreamWish['isOver']> {
  let hadEnded = false;
  return async () => {
    if (name !== 'job.logs' || input['follow'] !== true || hadEnded) return true;
    const job = (await daemon.call('job.show', { job: input['job'] })) as JobView | undefined;
    hadEnded = job === undefined || hasEnded(job);
    return false;
  };
}

/** Where it begins, known before anything came: what happens in a gap must not be lost. */
async function startOf(daemon: Lasting, { after }: Input): Promise<unknown> {
  if (after !== undefined) return after;
  const newest = (await daemon.call('audit.list', { count: 1 })) as { readonly lastId: number } | undefined;
  return newest?.lastId;
}
