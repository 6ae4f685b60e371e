import type { AnyOperation } from '../../operations/operation.ts';
import type { Cli } from './cli.ts';
import { untilInterrupted } from './interrupted.ts';
import { reachLasting, type Lasting } from './lasting.ts';
import type { GlobalOptions } from './options.ts';
import { render } from './render.ts';

type Followed = {
  readonly operation: AnyOperation;
  readonly input: Readonly<Record<string, unknown>>;
  readonly options: GlobalOptions;
};

/** Prints what a streaming operation answers, a line for each, until interrupted. Items have ids, by which it goes on after a gap. */
export async function followStream(cli: Cli, { operation, input, options }: Followed): Promise<void> {
  using interrupted = untilInterrupted();
  const { signal } = interrupted;
  const tell = (news: 'gone' | 'back'): void => {
    if (news === 'gone') cli.terminal.error('The daemon has stopped; this goes on when it runs again.');
  };
  const daemon = await reachLasting(cli, { options, signal, tell });
  let last = await startOf(daemon, input);
  const from = (): object => ({ ...input, after: last });
  for await (const item of daemon.stream(operation.name, from(), from)) {
    last = (item as { readonly id: number }).id;
    cli.terminal.print(options.json ? JSON.stringify(item) : render(operation.name, item, cli.terminal));
  }
  cli.exit(interrupted.code());
}

/** Where it begins, known before anything came: what happens in a gap must not be lost. */
async function startOf(daemon: Lasting, { after }: Readonly<Record<string, unknown>>): Promise<unknown> {
  if (after !== undefined) return after;
  const newest = (await daemon.call('audit.list', { count: 1 })) as { readonly lastId: number } | undefined;
  return newest?.lastId;
}
