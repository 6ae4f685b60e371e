import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { formatDuration } from '../core/time.ts';
import { parseJson } from '../lib/parse-json.ts';
import { pause } from '../lib/pause.ts';
import { requireContainerName } from './container-name.ts';
import { deadline } from './deadline.ts';
import { endContainerProcess } from './end-process.ts';
import { refused, unreachable } from './engine-problem.ts';
import { frameReader } from './frames.ts';
import { unfinished } from './local.ts';
import { collectOutput } from './output.ts';
import type { Containers, Ended, Target } from './ports.ts';
import type { Surroundings } from './surroundings.ts';

export const dockerSocket = '/var/run/docker.sock';

const created = z.object({ Id: z.string().regex(/^[0-9a-f]+$/) });
const inspected = z.object({
  Running: z.boolean(),
  ExitCode: z.number().nullish(),
  Pid: z.number().nullish(),
  ContainerID: z.string().nullish(),
});
const failed = z.object({ message: z.string() });

const inspectEveryMs = 50;
/** Long enough for an engine that is busy, short enough for a daemon that stops. */
const lastCallMs = 3000;

/**
 * Runs commands by the Docker Engine API, which Docker and Podman speak, without a version in the path: then each takes
 * its own.
 */
export function dockerContainers(socket: string, { kill }: Pick<Surroundings, 'kill'>): Containers {
  return {
    async exec(target, signal) {
      requireContainerName(target.container);
      using time = deadline(target.timeoutMs, signal);
      const engine: Engine = { socket, signal: time.signal };
      let exec: string | undefined;
      try {
        exec = await create(engine, target);
        const output = await start(engine, target, exec);
        return { exitCode: await exitCode(engine, target, exec), output };
      } catch (error) {
        if (!time.signal.aborted) throw error;
        throw await giveUp({ socket, signal: AbortSignal.timeout(lastCallMs) }, target, {
          exec,
          late: time.late,
          kill,
        });
      }
    },
  };
}

type Engine = { readonly socket: string; readonly signal: AbortSignal };

async function create(engine: Engine, { container, command, user }: Target): Promise<string> {
  const path = `/containers/${encodeURIComponent(container)}/exec`;
  // An empty `User` is not the same as none for every engine.
  const as = user === undefined || user === '' ? {} : { User: user };
  const response = await ask(engine, path, { AttachStdout: true, AttachStderr: true, Cmd: command, ...as });
  return (await read(response, created, container)).Id;
}

async function start(engine: Engine, { container }: Target, exec: string): Promise<Ended['output']> {
  const response = await ask(engine, `/exec/${exec}/start`, { Detach: false, Tty: false });
  if (!response.ok) throw await refusal(response, container);
  const output = collectOutput();
  const readFrames = frameReader((bytes) => output.add(bytes));
  for await (const chunk of response.body ?? []) {
    if (!readFrames(chunk)) throw unknown('a stream that is not multiplexed');
  }
  return output.text();
}

/** A process can close its outputs before it ends. */
async function exitCode(engine: Engine, { container }: Target, exec: string): Promise<number> {
  for (;;) {
    const { Running: running, ExitCode: code } = await inspect(engine, container, exec);
    if (!running && typeof code === 'number') return code;
    await pause(inspectEveryMs, engine.signal);
  }
}

async function inspect(engine: Engine, container: string, exec: string): Promise<z.infer<typeof inspected>> {
  return read(await ask(engine, `/exec/${exec}/json`), inspected, container);
}

type Unfinished = { readonly exec: string | undefined; readonly late: boolean } & Pick<Surroundings, 'kill'>;

async function giveUp(engine: Engine, target: Target, { exec, late, kill }: Unfinished): Promise<Problem> {
  const program = target.command[0] ?? '';
  const { timeoutMs } = target;
  if (exec !== undefined) {
    const ended = await endExec(engine, target, { exec, kill }).catch(() => false);
    return unfinished(program, { timeoutMs, late, leaves: ended ? '' : '; it may go on in the container' });
  }
  const within = late ? ` within ${formatDuration(timeoutMs)}` : '';
  return new Problem('unavailable', `The container engine at ${engine.socket} did not answer${within}.`, {
    hint: 'Look whether it runs, with: docker version',
  });
}

async function endExec(
  engine: Engine,
  { container }: Target,
  { exec, kill }: { readonly exec: string } & Pick<Surroundings, 'kill'>,
): Promise<boolean> {
  const { Running: running, Pid: pid, ContainerID: id } = await inspect(engine, container, exec);
  return !running || endContainerProcess(pid ?? 0, id ?? '', kill);
}

/** Posts where there is a body, else gets. */
async function ask({ socket, signal }: Engine, path: string, body?: object): Promise<Response> {
  try {
    return await fetch(`http://engine${path}`, {
      unix: socket,
      redirect: 'manual',
      keepalive: false,
      timeout: false,
      signal,
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    } as RequestInit);
  } catch (error) {
    throw signal.aborted ? error : unreachable(socket, error);
  }
}

async function read<Schema extends z.ZodType>(
  response: Response,
  schema: Schema,
  container: string,
): Promise<z.infer<Schema>> {
  if (!response.ok) throw await refusal(response, container);
  const result = schema.safeParse(parseJson(await response.text()));
  if (!result.success) throw unknown('something else than the Docker Engine API does');
  return result.data;
}

async function refusal(response: Response, container: string): Promise<Problem> {
  const text = await response.text();
  const parsed = failed.safeParse(parseJson(text));
  return refused(container, response.status, parsed.success ? parsed.data.message : text);
}

function unknown(what: string): Problem {
  return new Problem('upstream', `The container engine answered ${what}.`, {
    hint: 'Look whether reset.socket is the socket of Docker or Podman',
  });
}
