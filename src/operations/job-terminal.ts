import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import type { JobTerminal } from './context.ts';
import { jobName, requireJob } from './job-spec.ts';
import { operation, streamingOperation } from './operation.ts';

/** More than this is not kept for a viewer who does not read: it is shown the screen anew. */
const mostWaitingBytes = 1024 * 1024;
const mostKeys = 100_000;

type Item = { kind: 'command'; command: string[]; directory: string } | { kind: 'output'; data: string };

export const jobAttach = streamingOperation({
  name: 'job.attach',
  summary: 'Show the terminal of a job’s agent and type into it; leaving it, or losing it, ends nothing',
  positional: ['job'],
  input: z.object({ job: jobName }),
  output: z.discriminatedUnion('kind', [
    z
      .object({ kind: z.literal('command'), command: z.array(z.string()), directory: z.string() })
      .describe('A command that shows it, on the machine of the daemon'),
    z
      .object({ kind: z.literal('output'), data: z.string() })
      .describe('What it shows, in base64: what is kept from before, then as it comes'),
  ]),
  hidden: {
    mcp: 'a terminal is for people; job.answer types into it, and stint job attach shows it',
    telegram: 'a chat is no terminal; /job_answer types into it, and stint job attach shows it',
  },
  stream: (input, context, signal) => shown(context.jobs.terminal(requireJob(context, input.job).id), signal),
});

export const jobType = operation({
  name: 'job.type',
  summary: 'Type into the terminal of a job’s agent, or change its size',
  effect: 'write',
  untold: true,
  positional: ['job'],
  input: z.object({
    job: jobName,
    keys: z.string().max(mostKeys).optional().describe('What is typed, in base64'),
    columns: z.int().min(2).max(1000).optional().describe('How wide it is to be'),
    rows: z.int().min(2).max(1000).optional().describe('How high it is to be'),
  }),
  output: z.object({}),
  hidden: {
    cli: 'stint job attach types what you type',
    mcp: 'a terminal is for people; job.answer types an answer into it, and stint job attach keys',
    telegram: 'a chat is no terminal; /job_answer types an answer into it, and stint job attach keys',
  },
  async run({ job, keys, columns, rows }, context) {
    const { id } = requireJob(context, job);
    const terminal = await context.jobs.terminal(id);
    if (terminal.kind === 'command')
      throw new Problem('conflict', `The terminal of job ${id} is in tmux, which takes what is typed itself.`, {
        hint: `See: stint job attach ${id}`,
      });
    const view = terminal.view(nobody);
    if (columns !== undefined && rows !== undefined) view.resize(columns, rows);
    if (keys !== undefined) view.type(Buffer.from(keys, 'base64'));
    view.leave();
    return {};
  },
});

const nobody = { show: () => undefined, ended: () => undefined };

async function* shown(found: Promise<JobTerminal>, signal: AbortSignal): AsyncGenerator<Item> {
  const terminal = await found;
  if (terminal.kind === 'command') {
    yield { kind: 'command', command: [...terminal.command], directory: terminal.directory };
    return;
  }
  const seen = new Watching(terminal);
  const wake = (): void => seen.wake();
  signal.addEventListener('abort', wake);
  try {
    while (!signal.aborted) {
      const bytes = seen.take();
      if (bytes.length > 0) yield { kind: 'output', data: bytes.toString('base64') };
      else if (seen.isOver) return;
      else await seen.more;
    }
  } finally {
    signal.removeEventListener('abort', wake);
    seen.leave();
  }
}

/** What a viewer has not taken yet. */
class Watching {
  readonly #terminal: Extract<JobTerminal, { kind: 'view' }>;
  #view: ReturnType<Extract<JobTerminal, { kind: 'view' }>['view']> | undefined;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #more = Promise.withResolvers<void>();
  isOver = false;

  constructor(terminal: Extract<JobTerminal, { kind: 'view' }>) {
    this.#terminal = terminal;
    this.#open();
  }

  get more(): Promise<void> {
    return this.#more.promise;
  }

  wake(): void {
    this.#more.resolve();
  }

  leave(): void {
    this.#view?.leave();
  }

  take(): Buffer {
    const bytes = Buffer.concat(this.#waiting);
    if (this.#bytes > mostWaitingBytes) {
      this.leave();
      [this.#waiting, this.#bytes] = [[], 0];
      this.#open();
      return this.take();
    }
    [this.#waiting, this.#bytes, this.#more] = [[], 0, Promise.withResolvers()];
    return bytes;
  }

  #open(): void {
    this.#view = this.#terminal.view({
      show: (bytes) => {
        this.#bytes += bytes.length;
        // What is beyond is shown anew in any case.
        if (this.#bytes <= mostWaitingBytes) this.#waiting.push(bytes.slice());
        this.wake();
      },
      ended: () => {
        this.isOver = true;
        this.wake();
      },
    });
  }
}
