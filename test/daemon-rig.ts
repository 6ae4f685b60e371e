// A real daemon as a process in a home of its own on free ports, and the command line that reaches it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAnthropicSimulator } from '../src/simulator/anthropic/simulator.ts';
import { temporaryFolder } from './temp-folder.ts';

const launcher = join(import.meta.dir, '../bin/stint.mjs');

export type Run = { readonly stdout: string; readonly stderr: string; readonly code: number | null };
export type RunOptions = {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
};

/** A home without a daemon; whatever daemon runs in it at the end is stopped. */
export type Place = AsyncDisposable & {
  /** For files of the test; the home is below it. */
  readonly folder: string;
  readonly home: string;
  /** Runs `stint` to its end. Without `stdin` it has none. */
  stint(args: readonly string[], options?: RunOptions): Promise<Run>;
  /** Starts `stint up` in the foreground and returns when it serves, or when it has ended. */
  up(args?: readonly string[]): Promise<Up>;
  /** The text of a file of the home; undefined when it is missing. */
  read(name: string): string | undefined;
  /** Asks the control API with the token of the home. */
  api(path: string, init?: Omit<RequestInit, 'headers'>): Promise<Response>;
};

export type Up = {
  /** The launcher, whom a user's signals reach. */
  readonly child: Bun.ReadableSubprocess;
  readonly firstLine: string;
  /** Resolves when it has ended. */
  readonly ended: Promise<Run>;
};

/** `more` comes into the environment of every command. */
export function openPlace(more: Readonly<Record<string, string>> = {}): Place {
  const folder = temporaryFolder();
  const home = join(folder.path, 'home');
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder.path,
    TMPDIR: process.env['TMPDIR'] ?? '/tmp',
    TZ: 'UTC',
    STINT_HOME: home,
    STINT_CONTROL_PORT: '0',
    STINT_AGENT_PORT: '0',
    ...more,
  };
  const read = (name: string): string | undefined => {
    const path = join(home, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const stint = async (args: readonly string[], options: RunOptions = {}): Promise<Run> => {
    const child = Bun.spawn(['node', launcher, ...args], {
      cwd: options.cwd ?? folder.path,
      env: { ...environment, ...options.env },
      stdin: options.stdin === undefined ? 'ignore' : new Blob([options.stdin]),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    return endOf(child);
  };
  return {
    folder: folder.path,
    home,
    stint,
    read,
    async up(args = []) {
      const child = Bun.spawn(['node', launcher, ...args, 'up'], {
        cwd: folder.path,
        env: environment,
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      });
      const [first, rest] = child.stdout.tee();
      return { child, firstLine: await lineOf(first), ended: endOf(child, rest) };
    },
    api(path, init = {}) {
      const { controlPort } = JSON.parse(read('daemon.json') ?? '{}') as { controlPort: number };
      const headers = {
        authorization: `Bearer ${read('token')?.trim() ?? ''}`,
        'content-type': 'application/json',
      };
      return fetch(`http://127.0.0.1:${controlPort}${path}`, { ...init, headers });
    },
    async [Symbol.asyncDispose]() {
      if (existsSync(join(home, 'stint.pid'))) await stint(['down']);
      folder[Symbol.dispose]();
    },
  };
}

/** A place whose daemon serves. */
export async function openServing(): Promise<Place> {
  const place = openPlace();
  const { firstLine, ended } = await place.up();
  if (!firstLine.startsWith('Stint is running')) throw new Error(`the daemon ended: ${(await ended).stderr}`);
  return {
    ...place,
    [Symbol.asyncDispose]: async () => {
      await place[Symbol.asyncDispose]();
      await ended;
    },
  };
}

async function endOf(child: Bun.ReadableSubprocess, stdout = child.stdout): Promise<Run> {
  const [out, err] = await Promise.all([new Response(stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { stdout: out, stderr: err, code: child.exitCode };
}

async function lineOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}

const streamSecret = 'sk-ant-api03-test-of-a-stream';

export type OpenStream = AsyncDisposable & {
  /** Reads on, until something came. */
  next(): Promise<void>;
  /** Reads all that is left. */
  text(): Promise<string>;
};

/** An answer of two seconds that has just begun, from an account of its own. */
export async function openStream(place: Place): Promise<OpenStream> {
  const simulator = startAnthropicSimulator({
    scenario: { credentials: [{ name: 'a', secret: streamSecret }], deltaDelayMs: 100 },
  });
  await place.stint(['account', 'add', 'anthropic', 'a', '--base-url', simulator.url], { stdin: streamSecret });
  const issued = JSON.parse((await place.stint(['env', 'claude', '--json'])).stdout) as {
    environment: Record<string, string>;
  };
  const response = await fetch(`${issued.environment['ANTHROPIC_BASE_URL']}/v1/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${issued.environment['ANTHROPIC_AUTH_TOKEN']}`,
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      model: 'claude-sonnet-4-5',
      max_tokens: 200,
      stream: true,
      messages: [{ role: 'user', content: '[[words:20]] hi' }],
    }),
  });
  const chunks = response.body?.pipeThrough(new TextDecoderStream()).values();
  if (!response.ok || chunks === undefined) throw new Error(`the answer is ${response.status}`);
  return {
    next: async () => void (await chunks.next()),
    text: async () => {
      let text = '';
      for await (const chunk of chunks) text += chunk;
      return text;
    },
    [Symbol.asyncDispose]: async () => simulator.stop(),
  };
}
