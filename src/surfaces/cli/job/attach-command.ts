import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { Problem } from '../../../core/problem.ts';
import { switchOff } from '../../../lib/switch-off.ts';
import type { Client } from '../../../operations/client.ts';
import type { AnyOperation } from '../../../operations/operation.ts';
import type { Cli } from '../cli.ts';
import { connect } from '../connect.ts';
import { optionsOf } from '../options.ts';
import { TypedKeys } from './typed-keys.ts';

type Item =
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly directory: string }
  | { readonly kind: 'output'; readonly data: string };

/** `stint job attach`: the terminal of an agent on this one. */
export function addJobAttach(cli: Cli, command: Command, operation: AnyOperation): void {
  command.description(operation.summary).argument('<job>', 'Job, by its id or the beginning of it');
  command.action(async () => {
    const job = command.processedArgs[0] as string;
    const client = await connect(cli, optionsOf(command));
    cli.exit(await attach(cli, client, { operation: operation.name, job }));
  });
}

async function attach(
  cli: Cli,
  client: Client,
  { operation, job }: { readonly operation: string; readonly job: string },
): Promise<number> {
  const left = new AbortController();
  let viewer: Viewer | undefined;
  try {
    for await (const item of client.stream(operation, { job }, left.signal) as AsyncIterable<Item>) {
      if (item.kind === 'command') return await runViewer(cli, item);
      viewer ??= new Viewer(cli, { client, job, leave: () => left.abort() });
      viewer.show(Buffer.from(item.data, 'base64'));
    }
  } finally {
    viewer?.stop();
  }
  cli.terminal.error(left.signal.aborted ? 'You have left; the job goes on.' : 'The terminal is gone.');
  return 0;
}

/** tmux has several viewers, sizes and a scroll-back of its own. */
async function runViewer(cli: Cli, item: Extract<Item, { kind: 'command' }>): Promise<number> {
  const [program = '', ...args] = item.command;
  if (!cli.terminal.interactive)
    throw new Problem('invalid', 'This terminal is in tmux, which shows it on a terminal only.', {
      hint: 'Run this command in a terminal, or see: stint job logs --help',
    });
  cli.terminal.error('Ctrl-b d leaves; the job goes on.');
  // Within a tmux of one's own it would refuse, to keep people from loops.
  const { TMUX: _, ...env } = process.env;
  const child = spawn(program, args, { cwd: item.directory, env, stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  if (code === 0) return 0;
  throw new Problem('unavailable', 'The terminal could not be shown, or is gone; the job is not concerned.', {
    hint: 'See: stint job list',
  });
}

/** The person's own terminal, which shows another one. */
class Viewer {
  readonly #keys: TypedKeys;
  readonly #leave: () => void;
  readonly #resized = (): void => this.#tellSize();
  readonly #typed = (chunk: Buffer): void => this.#keys.type(chunk);

  constructor(
    cli: Cli,
    { client, job, leave }: { readonly client: Client; readonly job: string; readonly leave: () => void },
  ) {
    const send = async (what: object): Promise<void> => {
      await client.call('job.type', { job, ...what }).catch((error: unknown) => {
        // Whose terminal is gone is told by the stream.
        if (!(error instanceof Problem)) throw error;
      });
    };
    this.#leave = leave;
    this.#keys = new TypedKeys(send, leave);
    if (!cli.terminal.interactive) return;
    cli.terminal.error('Ctrl-] leaves; the job goes on.');
    process.stdin.setRawMode(true);
    process.stdin.on('data', this.#typed);
    process.stdout.on('resize', this.#resized);
    process.on('SIGTERM', leave).on('SIGHUP', leave);
    this.#tellSize();
  }

  show(bytes: Uint8Array): void {
    process.stdout.write(bytes);
  }

  stop(): void {
    process.stdout.off('resize', this.#resized);
    process.off('SIGTERM', this.#leave).off('SIGHUP', this.#leave);
    process.stdin.off('data', this.#typed).pause();
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    if (process.stdout.isTTY) process.stdout.write(`${switchOff}\r\n`);
  }

  #tellSize(): void {
    const { columns, rows } = process.stdout;
    if (columns > 1 && rows > 1) this.#keys.resize(columns, rows);
  }
}
