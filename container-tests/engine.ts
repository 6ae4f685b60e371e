// A real container engine of the suite's own: Debian's podman, which speaks the Docker Engine API.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../test/run-command.ts';
import { temporaryFolder } from '../test/temp-folder.ts';

export type Engine = AsyncDisposable & {
  readonly folder: string;
  /** Where it speaks the Docker Engine API. */
  readonly socket: string;
  /** Runs `podman` to its end, which has to succeed, and returns what it printed. */
  podman(...args: string[]): Promise<string>;
  /** Starts a container of that name which does nothing, with these options of `podman run`. */
  run(name: string, ...options: string[]): Promise<void>;
  /** Runs a command in a container by the engine's own CLI, and returns what it printed. */
  inside(name: string, ...command: string[]): Promise<string>;
};

const image = 'stint-test';
const programs = ['sh', 'sleep', 'id', 'cat', 'ls', 'stat', 'touch', 'env', 'printf', 'echo', 'wget', 'ps', 'kill'];
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/** Why there can be no engine here, or null. */
export async function whyNoEngine(): Promise<string | null> {
  const missing = ['podman', 'busybox'].filter((name) => Bun.which(name) === null);
  if (missing.length > 0) return `${missing.join(' and ')} not found (apt-get install podman runc busybox-static)`;
  try {
    await using engine = await startEngine();
    await engine.run('probe');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export async function startEngine(): Promise<Engine> {
  await using opened = new AsyncDisposableStack();
  const { path: folder } = opened.use(temporaryFolder());
  const socket = join(folder, 'engine.sock');
  const command = ['podman', ...places(folder)];
  const podman = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommand([...command, ...args], { cwd: folder });
    if (code !== 0) throw new Error(`podman ${args.join(' ')} ended with ${code}: ${stderr.trim()}`);
    return stdout;
  };
  await importImage(folder, podman);
  opened.defer(() => endMonitors(folder));
  opened.adopt(await serve(command, socket), stopServing);
  opened.defer(() => podman('rm', '--all', '--force', '--time', '0').then(() => undefined));
  const resources = opened.move();
  return {
    folder,
    socket,
    podman,
    run: async (name, ...options) => {
      const network = options.includes('--network') ? [] : ['--network', 'host'];
      await podman('run', '--detach', '--name', name, ...network, ...limits, ...options, image, 'sleep', '3600');
    },
    inside: (name, ...args) => podman('exec', name, ...args),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Nothing of the machine's own containers; runc and cgroupfs work where systemd does not run. */
function places(folder: string): string[] {
  const runc = Bun.which('runc') ?? (existsSync('/usr/sbin/runc') ? '/usr/sbin/runc' : null);
  return [
    ...['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--tmpdir', join(folder, 'tmp')],
    ...['--storage-driver', 'vfs', '--events-backend', 'file', '--cgroup-manager', 'cgroupfs'],
    ...(runc === null ? [] : ['--runtime', runc]),
  ];
}

/** An image of one static program, made from a folder: no registry is asked. */
async function importImage(folder: string, podman: Engine['podman']): Promise<void> {
  const root = join(folder, 'rootfs');
  for (const name of ['bin', 'tmp']) mkdirSync(join(root, name), { recursive: true });
  copyFileSync(Bun.which('busybox') ?? '', join(root, 'bin', 'busybox'));
  for (const name of programs) symlinkSync('busybox', join(root, 'bin', name));
  chmodSync(join(root, 'tmp'), 0o1777);
  const archive = join(folder, 'rootfs.tar');
  await runCommand(['tar', '-C', root, '-cf', archive, '.'], { cwd: folder });
  await podman('import', '--change', 'ENV PATH=/bin', archive, image);
}

async function serve(command: readonly string[], socket: string): Promise<ChildProcess> {
  const [program = '', ...args] = command;
  const service = spawn(program, [...args, 'system', 'service', '--time=0', `unix://${socket}`], { stdio: 'ignore' });
  const deadline = performance.now() + 10_000;
  // It has no other way to say that it serves.
  while (!(await answers(socket))) {
    if (performance.now() > deadline || service.exitCode !== null)
      throw new Error('podman system service did not start');
    await Bun.sleep(20);
  }
  return service;
}

/**
 * Each exec leaves a process behind that tidies up after five minutes, by another one, in a folder that is gone by then:
 * all that name it are ended, until there is none.
 */
async function endMonitors(folder: string): Promise<void> {
  const deadline = performance.now() + 5000;
  while (performance.now() < deadline) {
    const { stdout } = await runCommand(['pgrep', '-f', `(conmon|podman) .*${folder}/`], { cwd: folder });
    const pids = stdout.split('\n').filter((line) => line !== '');
    if (pids.length === 0) return;
    for (const pid of pids) endProcess(Number(pid));
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with the one that it belongs to.
  }
}

async function stopServing(service: ChildProcess): Promise<void> {
  const ended = once(service, 'exit');
  service.kill('SIGTERM');
  await ended;
}

async function answers(socket: string): Promise<boolean> {
  return fetch('http://engine/_ping', { unix: socket, keepalive: false } as RequestInit).then(
    ({ ok }) => ok,
    () => false,
  );
}
