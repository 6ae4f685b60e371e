import { InvalidArgumentError } from 'commander';
import { formatDuration } from '../../core/time.ts';
import { localTimeZone } from '../../lib/local-time-zone.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import type { Cli } from './cli.ts';
import { untilInterrupted } from './interrupted.ts';
import { reachLasting } from './lasting.ts';
import type { GlobalOptions } from './options.ts';
import { render } from './render.ts';
import { clockTime } from './render-log.ts';
import { openScreen } from './screen.ts';
import { printable } from './terminal.ts';
import { openTurns } from './turn.ts';

const usualSeconds = 2;

/** The seconds of `--watch`, which may be left out. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0.1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('It takes seconds from 0.1 to 86400; without them it stands last.');
}

type Watched = {
  readonly operation: AnyOperation;
  readonly input: Readonly<Record<string, unknown>>;
  readonly seconds: number | true;
  readonly options: GlobalOptions;
};

/** Shows an answer again and again, at an interval and whenever something happened, until interrupted. */
export async function watchAnswer(cli: Cli, { operation, input, seconds, options }: Watched): Promise<void> {
  using interrupted = untilInterrupted();
  const { signal } = interrupted;
  const everyMs = (seconds === true ? usualSeconds : seconds) * 1000;
  const views: View[] = [];
  const daemon = await reachLasting(cli, {
    ...{ options, signal },
    tell: (news) => views.forEach((each) => each.tell(news)),
  });
  let output = await daemon.call(operation.name, input);
  // What is wrong with the command is told before anything is drawn.
  using view = openView(cli, options, { operation: operation.name, everyMs });
  views.push(view);
  const turns = openTurns(daemon, signal);
  while (!signal.aborted) {
    view.show(output);
    await turns.next(everyMs);
    if (!signal.aborted) output = await daemon.call(operation.name, input);
  }
  cli.exit(interrupted.code());
}

type What = { readonly operation: string; readonly everyMs: number };
type View = Disposable & { show(output: unknown): void; tell(news: 'gone' | 'back'): void };

const gone = 'The daemon has stopped; this goes on when it runs again.';

/** In place on a terminal; else one answer after the other, as JSON one on a line. */
function openView(cli: Cli, { json }: GlobalOptions, what: What): View {
  if (!json && cli.terminal.columns !== undefined) return openDrawing(cli, what);
  return {
    show(output) {
      if (json) return cli.terminal.print(JSON.stringify(output));
      cli.terminal.print(`--- ${new Date().toISOString()}`);
      cli.terminal.print(render(what.operation, output, cli.terminal));
    },
    tell: (news) => (news === 'gone' ? cli.terminal.error(gone) : undefined),
    [Symbol.dispose]: () => undefined,
  };
}

function openDrawing({ terminal }: Cli, { operation, everyMs }: What): View {
  const screen = openScreen(process.stdout);
  let last = '';
  const draw = (news: string): void => {
    const time = clockTime(new Date().toISOString(), localTimeZone());
    const head = `every ${formatDuration(everyMs)}, seen at ${time}${news === '' ? '' : `. ${news}`}`;
    screen.draw(`${terminal.style(news === '' ? 'dim' : 'yellow', head)}\n\n${last}`);
  };
  return {
    show(output) {
      last = printable(render(operation, output, terminal));
      draw('');
    },
    tell: (news) => (news === 'gone' ? draw(gone) : undefined),
    [Symbol.dispose]() {
      screen[Symbol.dispose]();
      // The screen is gone with all that was on it.
      if (last !== '') terminal.print(last);
    },
  };
}
