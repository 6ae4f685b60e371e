// The wire format against an engine that answers as it is told; container-tests/ has a real one.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { dockerContainers } from './docker.ts';
import type { Target } from './ports.ts';

type Seen = { readonly call: string; readonly body: unknown };
type Answer = (call: string) => Response | Promise<Response>;

const execId = 'c0ffee';
const frames = Buffer.concat([frame(1, 'out\n'), frame(2, 'err\n')]);
const usual: Readonly<Record<string, () => Response>> = {
  'POST /containers/box/exec': () => Response.json({ Id: execId }, { status: 201 }),
  [`POST /exec/${execId}/start`]: () => new Response(frames),
  [`GET /exec/${execId}/json`]: () => Response.json({ Running: false, ExitCode: 3, Pid: 0, ContainerID: 'ab' }),
};

describe('the Docker Engine API', () => {
  test('is asked without a version, and for no user where none is set', async () => {
    await using engine = startEngine();
    expect(await engine.exec({})).toEqual({ exitCode: 3, output: 'out\nerr\n' });
    expect(engine.seen).toEqual([
      {
        call: 'POST /containers/box/exec',
        body: { AttachStdout: true, AttachStderr: true, Cmd: ['agent', '$HOME; id'] },
      },
      { call: `POST /exec/${execId}/start`, body: { Detach: false, Tty: false } },
      { call: `GET /exec/${execId}/json`, body: null },
    ]);
  });

  test('is asked for the user that is set', async () => {
    await using engine = startEngine();
    await engine.exec({ user: '10000:10000' });
    expect(engine.seen[0]?.body).toMatchObject({ User: '10000:10000' });
  });

  test('is asked until a command that closed its outputs has ended', async () => {
    let left = 3;
    await using engine = startEngine({
      [`GET /exec/${execId}/json`]: () =>
        Response.json(
          (left -= 1) > 0
            ? { Running: true, ExitCode: null, Pid: 4, ContainerID: 'ab' }
            : { Running: false, ExitCode: 0, Pid: 0, ContainerID: 'ab' },
        ),
    });
    expect(await engine.exec({})).toMatchObject({ exitCode: 0 });
    expect(left).toBe(0);
  });

  for (const [status, message, problem] of [
    [404, 'No such container: box', { code: 'not_found', message: 'The container engine has no container box.' }],
    [409, 'container 12 is not running', { code: 'conflict', hint: 'Start it with: docker start box' }],
    [409, 'Container 12 is paused, unpause the container before exec', { code: 'conflict' }],
    [500, 'can only create exec sessions on running containers: container state improper', { code: 'conflict' }],
    [500, 'unable to find user hermes: no matching entries in passwd file', { code: 'invalid' }],
    [400, 'bad parameter', { code: 'invalid' }],
    [500, 'disk\u0000 full', { code: 'upstream', message: 'The container engine answered 500: disk full.' }],
    [301, '', { code: 'upstream' }],
  ] as const) {
    test(`that refuses an exec with ${status} "${message.replace('\u0000', '')}" is understood`, async () => {
      await using engine = startEngine({ 'POST /containers/box/exec': () => Response.json({ message }, { status }) });
      expect(await failure(engine.exec({}))).toMatchObject(problem);
      expect(engine.seen).toHaveLength(1);
    });
  }

  test('that is something else is found out', async () => {
    for (const answers of [
      { 'POST /containers/box/exec': () => new Response('<html>', { status: 201 }) },
      { 'POST /containers/box/exec': () => Response.json({ Id: '../../evil' }, { status: 201 }) },
      { [`POST /exec/${execId}/start`]: () => new Response('no frames at all') },
    ]) {
      await using engine = startEngine(answers);
      expect(await failure(engine.exec({}))).toMatchObject({
        code: 'upstream',
        hint: expect.stringContaining('reset.socket'),
      });
    }
  });

  test('that does not answer in time is given up', async () => {
    const { promise: never, resolve } = Promise.withResolvers<Response>();
    await using engine = startEngine({ 'POST /containers/box/exec': () => never });
    expect(await failure(engine.exec({ timeoutMs: 200 }))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('did not answer within 1s'),
    });
    resolve(new Response());
  });

  test('speaks of processes that may be of another machine: such a command is left alone, and that is said', async () => {
    const container = 'ab'.repeat(32);
    await using engine = startEngine({
      [`POST /exec/${execId}/start`]: () =>
        new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(frames)) })),
      [`GET /exec/${execId}/json`]: () =>
        Response.json({ Running: true, ExitCode: null, Pid: process.pid, ContainerID: container }),
    });
    expect(await failure(engine.exec({ timeoutMs: 200 }))).toMatchObject({
      code: 'unavailable',
      message: 'agent did not end within 1s and was ended; it may go on in the container.',
    });
    expect(engine.killed).toEqual([]);
  });

  test('that is not there is missed', async () => {
    using folder = temporaryFolder();
    const socket = join(folder.path, 'none.sock');
    const containers = dockerContainers(socket, { kill: () => undefined });
    const missing = containers.exec({ container: 'box', command: ['id'], timeoutMs: 20_000 }, signal());
    expect(await failure(missing)).toMatchObject({
      code: 'unavailable',
      message: `No container engine answers at ${socket}: there is no such socket.`,
    });
  });
});

function startEngine(answers: Readonly<Record<string, Answer>> = {}) {
  const folder = temporaryFolder();
  const socket = join(folder.path, 'engine.sock');
  const seen: Seen[] = [];
  const killed: number[] = [];
  const all: Readonly<Record<string, Answer>> = { ...usual, ...answers };
  const server = Bun.serve({
    unix: socket,
    async fetch(request) {
      const call = `${request.method} ${new URL(request.url).pathname}`;
      seen.push({ call, body: request.method === 'POST' ? await request.json() : null });
      return all[call]?.(call) ?? new Response('', { status: 404 });
    },
  });
  const containers = dockerContainers(socket, { kill: (pid) => void killed.push(pid) });
  return {
    seen,
    killed,
    exec: (more: Partial<Target>) =>
      containers.exec({ container: 'box', command: ['agent', '$HOME; id'], timeoutMs: 20_000, ...more }, signal()),
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      folder[Symbol.dispose]();
    },
  };
}

function signal(): AbortSignal {
  return new AbortController().signal;
}

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

async function failure(running: Promise<unknown>): Promise<unknown> {
  return running.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
}
