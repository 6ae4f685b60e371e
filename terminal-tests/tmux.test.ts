import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asAttemptId, type AttemptId } from '../src/core/ids.ts';
import { agentProcesses } from '../src/processes/agent-processes.ts';
import { tmuxProcesses } from '../src/processes/tmux-processes.ts';
import { openTmux, sessionsIn, type Tmux } from '../src/processes/tmux.ts';
import type { Known, Processes } from '../src/supervisor/ports.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import { describeTransport } from '../test/transport-suite.ts';
import { requireTmux } from './require-tmux.ts';

beforeAll(requireTmux, 300_000);
describeTransport('tmux');

test('without tmux nothing is started, and it is said how to install it; of its sessions nothing is known', async () => {
  using folder = temporaryFolder();
  const tmux = openTmux(folder.path, '/nowhere');
  const refused: unknown = await tmux.run(['new-session', '-d']).catch((error: unknown) => error);
  expect(refused).toMatchObject({ message: 'tmux is not on the PATH.', hint: expect.stringContaining('apt-get') });
  expect(await tmux.sessions()).toEqual({ kind: 'unknown' });
});

test('where no server runs there are no sessions, which is known', async () => {
  using folder = temporaryFolder();
  const tmux = openTmux(folder.path, process.env['PATH'] ?? '');
  expect(await tmux.sessions()).toEqual({ kind: 'known', panes: new Map(), begun: new Map() });
});

test.each([
  ['no server running on /tmp/x/tmux.sock', 'known'],
  ['error connecting to tmux.sock (No such file or directory)', 'known'],
  ['no sessions', 'known'],
  ['error connecting to tmux.sock (Permission denied)', 'unknown'],
  ['error connecting to tmux.sock (Resource temporarily unavailable)', 'unknown'],
  ['server exited unexpectedly', 'unknown'],
  ['lost server', 'unknown'],
  // It was ended because it took too long.
  ['', 'unknown'],
] as const)('from an error %j it is %s which sessions there are', (stderr, kind) => {
  expect(sessionsIn({ code: 1, stdout: '', stderr }).kind).toBe(kind);
});

const waits = 'while [ ! -e go ]; do sleep 0.05; done; exit 7';
let count = 0;
const aborts: AbortController[] = [];
afterEach(() => {
  for (const each of aborts.splice(0)) each.abort();
});

type Rig = AsyncDisposable & {
  readonly folder: string;
  readonly tmux: Tmux;
  readonly processes: Processes;
  readonly id: AttemptId;
  run(script: string): Promise<Known>;
  ended(attempt: Known): Promise<{ readonly code: number | null }>;
  /** Resolves when it was asked so often more whether the session is there, and that was considered. */
  looks(times: number): Promise<void>;
};

/** What runs in tmux; `wrapper` stands in for the executable and may use `$TMUX_ITSELF`. */
function openRig(wrapper?: string): Rig {
  const folder = temporaryFolder();
  const path = process.env['PATH'] ?? '';
  if (wrapper !== undefined) {
    const itself = `TMUX_ITSELF=${Bun.which('tmux') ?? ''}`;
    writeFileSync(join(folder.path, 'tmux'), `#!/bin/sh\n${itself}\n${wrapper}`, { mode: 0o755 });
  }
  const tmux = openTmux(join(folder.path, 'server'), `${folder.path}:${path}`);
  let [looked, awaited] = [0, [] as { readonly from: number; readonly told: () => void }[]];
  const counted: Tmux = {
    ...tmux,
    sessions() {
      looked += 1;
      for (const each of awaited.filter(({ from }) => from <= looked)) each.told();
      awaited = awaited.filter(({ from }) => from > looked);
      return tmux.sessions();
    },
  };
  const kill = (pid: number, signal: NodeJS.Signals): void => void process.kill(pid, signal);
  const base = agentProcesses({ folder: join(folder.path, 'attempts'), kill, graceMs: 400 });
  const processes = tmuxProcesses(base, counted, 20);
  const id = asAttemptId(`tmux${process.pid}-${(count += 1)}.1`);
  return {
    ...{ folder: folder.path, tmux, processes, id },
    run: async (script) => ({
      id,
      ...(await processes.spawn({
        ...{ attempt: id, files: processes.filesOf(id), prompt: 'Go on.', executable: 'sh', args: ['-c', script] },
        ...{ environment: { PATH: path }, directory: folder.path, nice: 0, transport: 'tmux' },
      })),
    }),
    ended(attempt) {
      const controller = new AbortController();
      aborts.push(controller);
      return processes.ended(attempt, controller.signal);
    },
    // One look more has begun only when those before it were considered.
    looks: (times) => new Promise((told) => void awaited.push({ from: looked + times + 1, told })),
    async [Symbol.asyncDispose]() {
      await processes.end({ id, pid: null, birth: null });
      folder[Symbol.dispose]();
    },
  };
}

/** The session of the only attempt, as the server has it. */
async function sessionOf({ tmux, id }: Rig): Promise<string> {
  const look = await tmux.sessions();
  return (look.kind === 'known' ? look.panes.get(id)?.session : undefined) ?? '';
}

/** Resolves when a file is there, with what it holds. */
async function written(path: string): Promise<string> {
  while (!existsSync(path)) await Bun.sleep(20);
  return readFileSync(path, 'utf8');
}

describe('an attempt in a session that a person changes', () => {
  test('is typed into in its own pane, and ended with whatever they have split off', async () => {
    await using rig = openRig();
    const heard = 'read -r line; echo "$line" >answer.new; mv answer.new answer';
    const attempt = await rig.run(`${heard}; ${waits}`);
    const session = await sessionOf(rig);
    await rig.tmux.run(['split-window', '-t', session, `cd '${rig.folder}'; echo >split; read -r x; echo "$x" >shell`]);
    await written(join(rig.folder, 'split'));
    await (await rig.processes.terminal(rig.id))?.paste('rm -rf it', 'once');
    expect(await written(join(rig.folder, 'answer'))).toBe('rm -rf it\n');
    expect(existsSync(join(rig.folder, 'shell'))).toBe(false);
    await rig.processes.end(attempt);
    expect(await rig.tmux.sessions()).toMatchObject({ kind: 'known', begun: new Map() });
  });

  test('goes on under another name, and is still attached to and typed into', async () => {
    await using rig = openRig();
    const attempt = await rig.run(`read -r _; ${waits}`);
    await rig.tmux.run(['rename-session', '-t', await sessionOf(rig), 'mine']);
    const ended = rig.ended(attempt);
    await rig.looks(4);
    const terminal = await rig.processes.terminal(rig.id);
    expect(terminal?.way).toMatchObject({ command: expect.arrayContaining([await sessionOf(rig)]) });
    await terminal?.paste('on', 'once');
    writeFileSync(join(rig.folder, 'go'), '');
    expect((await ended).code).toBe(7);
  });
});

test('an attempt goes on whose socket was removed, for its process lives', async () => {
  await using rig = openRig();
  const attempt = await rig.run(waits);
  rmSync(join(rig.tmux.folder, 'tmux.sock'));
  expect(await rig.tmux.sessions()).toMatchObject({ kind: 'known', panes: new Map() });
  const ended = rig.ended(attempt);
  await rig.looks(4);
  writeFileSync(join(rig.folder, 'go'), '');
  expect((await ended).code).toBe(7);
});

describe('a session that tmux does not say to have begun', () => {
  test('is found where it was begun all the same', async () => {
    await using rig = openRig('"$TMUX_ITSELF" "$@"; code=$?; case "$*" in *new-session*) exit 1;; esac; exit $code');
    const attempt = await rig.run(waits);
    expect(attempt.pid).toBe((await rig.processes.living({ ...attempt, pid: null }))[0] ?? 0);
    writeFileSync(join(rig.folder, 'go'), '');
    expect((await rig.ended(attempt)).code).toBe(7);
  });

  test('is looked for again where tmux does not answer at first', async () => {
    await using rig = openRig(`here=$(dirname "$0")
case "$*" in
  *new-session*) (until [ -e "$here/asked" ]; do sleep 0.05; done; "$TMUX_ITSELF" "$@"; echo >"$here/begun") >/dev/null 2>&1 & exit 1;;
  *list-panes*) if [ ! -e "$here/asked" ]; then echo >"$here/asked"; echo 'lost server' >&2; exit 1; fi
    until [ -e "$here/begun" ]; do sleep 0.05; done;;
esac
exec "$TMUX_ITSELF" "$@"`);
    const attempt = await rig.run(waits);
    writeFileSync(join(rig.folder, 'go'), '');
    expect((await rig.ended(attempt)).code).toBe(7);
  });

  test('is none where it was not begun, and that is told', async () => {
    await using rig = openRig('case "$*" in *new-session*) echo no space >&2; exit 1;; esac; exec "$TMUX_ITSELF" "$@"');
    const refused: unknown = await rig.run(waits).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'unavailable', message: 'tmux said: no space.' });
  });
});
