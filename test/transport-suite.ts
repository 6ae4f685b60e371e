// What holds for processes of agents on every transport.
import { afterEach, describe, expect, test } from 'bun:test';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asAttemptId, type AttemptId } from '../src/core/ids.ts';
import type { Transport } from '../src/core/job/transport.ts';
import { openProcesses } from '../src/processes/open-processes.ts';
import type { Launch, OutputLine } from '../src/supervisor/ports.ts';
import { temporaryFolder } from './temp-folder.ts';

let count = 0;
const aborts: AbortController[] = [];
afterEach(() => {
  for (const each of aborts.splice(0)) each.abort();
});

const never = (): AbortSignal => {
  const controller = new AbortController();
  aborts.push(controller);
  return controller.signal;
};

/** Processes of one transport in a folder of their own; `again` is what a daemon after this one has. */
function openTransport(transport: Transport) {
  const folder = temporaryFolder();
  const kill = (pid: number, signal: NodeJS.Signals): void => void process.kill(pid, signal);
  const path = process.env['PATH'] ?? '';
  const open = () => openProcesses({ folder: join(folder.path, 'attempts'), kill, graceMs: 400, path, checkMs: 200 });
  const processes = open();
  const opened = [processes];
  const id: AttemptId = asAttemptId(`job${process.pid}-${(count += 1)}.1`);
  const run = async (script: string, more: Partial<Launch> = {}) => {
    const launch: Launch = {
      ...{ attempt: id, files: processes.filesOf(id), prompt: 'Go on.', executable: 'sh', args: ['-c', script] },
      ...{ environment: { PATH: path, TOLD: processes.filesOf(id).stdout }, directory: folder.path, nice: 0 },
      ...{ transport, ...more },
    };
    return { id, ...(await processes.spawn(launch)) };
  };
  return {
    ...{ folder: folder.path, processes, id, run },
    again() {
      const next = open();
      opened.push(next);
      return next;
    },
    /** Resolves when a file of the folder is there, with what it holds. */
    async written(name: string): Promise<string> {
      while (!readdirSync(folder.path).includes(name)) await Bun.sleep(20);
      return readFileSync(join(folder.path, name), 'utf8').trim();
    },
    async [Symbol.asyncDispose]() {
      await processes.end({ id, pid: null, birth: null });
      for (const each of opened) each.close();
      await processes.forget(id);
      folder[Symbol.dispose]();
    },
  };
}

async function collect(lines: AsyncIterable<OutputLine>): Promise<OutputLine[]> {
  const all: OutputLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

const waits = 'while :; do sleep 0.1; done';

export function describeTransport(transport: Transport): void {
  describe(`a process on ${transport}`, () => {
    test('has its environment and its folder, and leaves its lines, its exit code and the time', async () => {
      await using rig = openTransport(transport);
      const before = Math.floor(Date.now() / 1000) * 1000;
      const attempt = await rig.run('echo "{in $PWD for $STINT_ATTEMPT}" >>"$TOLD"; printf "{last}" >>"$TOLD"; exit 7');
      const ended = rig.processes.ended(attempt, never());
      const lines = await collect(rig.processes.lines(rig.id, ended, never()));
      expect(lines.map((each) => each.line)).toEqual([`{in ${rig.folder} for ${rig.id}}`, '{last}']);
      const exit = await ended;
      expect(exit.code).toBe(7);
      expect(exit.at).toBeGreaterThanOrEqual(before);
    });

    test('shows its environment to nobody in a command line, and leaves no file with it', async () => {
      await using rig = openTransport(transport);
      const attempt = await rig.run(`printf %s "$SECRET" >heard; ${waits}`, {
        environment: { PATH: process.env['PATH'] ?? '', SECRET: `it's "quoted" $HOME` },
      });
      expect(await rig.written('heard')).toBe(`it's "quoted" $HOME`);
      const command = readFileSync(`/proc/${attempt.pid}/cmdline`, 'utf8');
      expect(command).not.toContain('quoted');
      const { folder } = rig.processes.filesOf(rig.id);
      const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
      expect(files.join()).not.toContain('quoted');
    });

    test('takes arguments as they are', async () => {
      await using rig = openTransport(transport);
      const nasty = '$(touch hit); `touch hit` "\'\\ ünï\n; kill-server ;';
      const attempt = await rig.run('', { args: ['-c', 'printf "%s" "$1" >heard', 'sh', nasty] });
      await rig.processes.ended(attempt, never());
      expect(readFileSync(join(rig.folder, 'heard'), 'utf8')).toBe(nasty);
      expect(readdirSync(rig.folder)).not.toContain('hit');
    });

    test('that was killed has no exit code', async () => {
      await using rig = openTransport(transport);
      const attempt = await rig.run(`echo >ready; ${waits}`);
      await rig.written('ready');
      const ended = rig.processes.ended(attempt, never());
      await rig.processes.end(attempt);
      expect((await ended).code).toBeNull();
      expect(await rig.processes.living(attempt)).toEqual([]);
    });

    test('is ended with what left its group and does not listen', async () => {
      await using rig = openTransport(transport);
      const deaf = `trap "" TERM HUP; ${waits}`;
      const attempt = await rig.run(`setsid sh -c '${deaf}' & sh -c '${deaf}' & echo >ready; ${waits}`);
      await rig.written('ready');
      expect((await rig.processes.living(attempt)).length).toBeGreaterThanOrEqual(3);
      await rig.processes.end(attempt);
      expect(await rig.processes.living(attempt)).toEqual([]);
    });

    test('is found without its pid, by the next daemon as well, and nothing but it', async () => {
      await using rig = openTransport(transport);
      const attempt = await rig.run(waits);
      const next = rig.again();
      const unknown = { id: rig.id, pid: null, birth: null };
      for (const each of [rig.processes, next]) expect(await each.living(unknown)).toContain(attempt.pid);
      expect(await next.wasStarted(rig.id)).toBe(true);
      const stranger = asAttemptId('other.1');
      expect(await next.living({ id: stranger, pid: process.pid, birth: 'another boot/1' })).toEqual([]);
      expect(await next.wasStarted(stranger)).toBe(false);
    });

    test('is gone on with by the next daemon, or has died with its own and all that was on it', async () => {
      await using rig = openTransport(transport);
      const deaf = `trap "" TERM HUP; ${waits}`;
      const attempt = await rig.run(
        `setsid sh -c '${deaf}' & echo >ready; while [ ! -e go ]; do sleep 0.05; done; exit 7`,
      );
      await rig.written('ready');
      const ended = rig.again().ended(attempt, never());
      if (transport === 'pty') {
        expect(await ended).toEqual({ code: null, at: null, lost: true });
        expect(await rig.processes.living(attempt)).toEqual([]);
        return;
      }
      writeFileSync(join(rig.folder, 'go'), '');
      expect((await ended).code).toBe(7);
    });

    test('is forgotten with its files', async () => {
      await using rig = openTransport(transport);
      const attempt = await rig.run('true');
      await rig.processes.ended(attempt, never());
      await rig.processes.forget(rig.id);
      expect(await rig.processes.wasStarted(rig.id)).toBe(false);
      expect(await rig.processes.note(rig.id, 'transport')).toBeNull();
    });

    test.each([
      ['an executable', { executable: 'no-such-agent' }, 'no-such-agent is not on the PATH.'],
      ['a directory', { directory: '/no/such/folder' }, 'The directory /no/such/folder does not exist.'],
    ])('without %s is refused before anything is started', async (_, more, message) => {
      await using rig = openTransport(transport);
      const refused: unknown = await rig.run('true', more).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'invalid', message });
    });
  });

  if (transport !== 'pipe') describeTerminal(transport);
}

/** What has a terminal besides. */
function describeTerminal(transport: Transport): void {
  describe(`a terminal of ${transport}`, () => {
    test('gives Ctrl-C and its size to a child of the child, and outlives whoever looks at it', async () => {
      await using rig = openTransport(transport);
      const resized = `size=$(stty size); case "$size" in *" 77") echo "$size" >resized;; esac`;
      const child = `trap 'echo >interrupted; exit 5' INT; trap '${resized}' WINCH; echo >ready; ${waits}`;
      writeFileSync(join(rig.folder, 'child'), child);
      const attempt = await rig.run('trap : INT; sh child; echo $? >code; exit 6');
      const ended = rig.processes.ended(attempt, never());
      await rig.written('ready');
      const [first, second] = [await look(rig), await look(rig)];
      await first.leave();
      second.resize(77, 33);
      expect(await rig.written('resized')).toMatch(/ 77$/);
      second.type('\u0003');
      await rig.written('interrupted');
      expect((await ended).at).not.toBeNull();
      expect(await rig.written('code')).toBe('5');
      await second.leave();
    });

    test('takes a text of many lines as one paste, and shows what its process writes', async () => {
      await using rig = openTransport(transport);
      // It asks for pastes to be marked, as agents do.
      await rig.run(`stty raw -echo; printf '\\033[?2004hready'; head -c 26 >heard.new; mv heard.new heard; ${waits}`);
      while (!(await shown(rig)).includes('ready')) await Bun.sleep(20);
      const terminal = await rig.processes.terminal(rig.id);
      await terminal?.paste('one\ntwo three', 'once');
      expect(await rig.written('heard')).toBe('\u001b[200~one\rtwo three\u001b[201~');
    });

    test('is typed into once under one name, and again under another', async () => {
      await using rig = openTransport(transport);
      await rig.run(`read -r one; read -r two; echo "$one, $two" >heard.new; mv heard.new heard; ${waits}`);
      const terminal = await rig.processes.terminal(rig.id);
      for (const name of ['first', 'first', 'second']) await terminal?.paste(name, name);
      expect(await rig.written('heard')).toBe('first, second');
      for (const name of ['third', 'third']) await terminal?.press('x', name);
      while (!/x/.test(await shown(rig))) await Bun.sleep(20);
      expect(await shown(rig)).not.toContain('xx');
    });

    test('is no more when its process has ended', async () => {
      await using rig = openTransport(transport);
      const attempt = await rig.run('true');
      await rig.processes.ended(attempt, never());
      while ((await rig.processes.terminal(rig.id)) !== undefined) await Bun.sleep(20);
    });
  });
}

type Rig = ReturnType<typeof openTransport>;

async function shown(rig: Rig): Promise<string> {
  return (await rig.processes.terminal(rig.id))?.text() ?? '';
}

type Looking = {
  readonly type: (keys: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  readonly leave: () => Promise<void>;
};

/** Looks at the terminal as a person does, who may type and change its size. */
async function look(rig: Rig): Promise<Looking> {
  const terminal = await rig.processes.terminal(rig.id);
  if (terminal?.way.kind === 'view') {
    const view = terminal.way.view({ show: () => undefined, ended: () => undefined });
    return { ...view, leave: () => Promise.resolve(view.leave()) };
  }
  if (terminal?.way.kind !== 'command') throw new Error('it has no terminal');
  const viewed = Promise.withResolvers<void>();
  const viewer = Bun.spawn([...terminal.way.command], {
    cwd: terminal.way.directory,
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color' },
    terminal: { cols: 100, rows: 30, data: () => viewed.resolve() },
  });
  await viewed.promise;
  return {
    type: (keys) => void viewer.terminal?.write(keys),
    resize: (columns, rows) => viewer.terminal?.resize(columns, rows),
    async leave() {
      viewer.kill('SIGKILL');
      await viewer.exited;
      viewer.terminal?.close();
    },
  };
}
