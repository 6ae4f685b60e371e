// Runs bin/stint.mjs itself, on Node, from a copy of the package whose src/main.ts says what it was given.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { temporaryFolder } from './temp-folder.ts';

const root = join(import.meta.dir, '..');

const main = `
  switch (process.argv[2]) {
    case 'exit':
      process.exit(Number(process.argv[3]));
    case 'wait':
      process.on('SIGTERM', () => { console.log('got SIGTERM'); process.exit(42); });
      console.log('waiting ' + process.pid);
      setInterval(() => {}, 60_000);
      break;
    case 'fetch': {
      const server = Bun.serve({ hostname: '::', port: 0, fetch: () => new Response('served') });
      const hosts = ['127.0.0.1', 'localhost', '[::1]'];
      const replies = hosts.map(async (host) => (await fetch('http://' + host + ':' + server.port)).text());
      console.log(JSON.stringify(await Promise.all(replies)));
      server.stop(true);
      break;
    }
    case 'headers': {
      const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('served') });
      const reply = await fetch(server.url, { headers: { 'x-long': 'x'.repeat(100_000) } });
      console.log(reply.status);
      server.stop(true);
      break;
    }
    default:
      console.log(JSON.stringify({ arguments: process.argv.slice(2), env: process.env }));
  }
`;

/** Shows as a line on stderr wherever it is loaded. */
const hostileModule = `console.error('the hostile module ran');`;

let stint: ReturnType<typeof temporaryFolder>;

beforeAll(async () => {
  stint = temporaryFolder();
  cpSync(join(root, 'bin'), join(stint.path, 'bin'), { recursive: true });
  cpSync(join(root, 'package.json'), join(stint.path, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(stint.path, 'node_modules'));
  await Bun.write(join(stint.path, 'src/main.ts'), main);
});

afterAll(() => stint[Symbol.dispose]());

describe('the folder Stint is started in', () => {
  test('runs no code of its own', async () => {
    using folder = await hostileFolder();
    const { stderr, seen } = await show({ cwd: folder.path });
    expect(stderr).toBe('');
    expect(seen.env).not.toHaveProperty('STINT_HOME');
  });

  test('and a hostile home folder neither', async () => {
    using folder = await hostileFolder();
    await Bun.write(join(folder.path, '.bunfig.toml'), `preload = ["${join(folder.path, 'hostile.ts')}"]\n`);
    const { stderr } = await show({ env: { HOME: folder.path, XDG_CONFIG_HOME: folder.path } });
    expect(stderr).toBe('');
  });

  test('would run code without the launcher', async () => {
    using folder = await hostileFolder();
    const bun = [process.execPath, join(stint.path, 'src/main.ts')];
    const { stdout, stderr } = await runCommand(bun, { cwd: folder.path, env: cleanEnvironment() });
    expect(stderr).toContain('the hostile module ran');
    expect(JSON.parse(stdout)).toMatchObject({ env: { STINT_HOME: '/hostile' } });
  });
});

describe('inherited variables', () => {
  test('of Bun take no effect', async () => {
    using folder = await hostileFolder();
    const { stderr, seen } = await show({
      env: {
        BUN_OPTIONS: `--preload=${join(folder.path, 'hostile.ts')}`,
        BUN_INSPECT: 'ws://127.0.0.1:0/hostile?wait=1',
        BUN_CONFIG_VERBOSE_FETCH: '1',
      },
    });
    expect(stderr).toBe('');
    const ours = ['BUN_CONFIG_MAX_HTTP_REQUESTS', 'BUN_RUNTIME_TRANSPILER_CACHE_PATH'];
    expect(Object.keys(seen.env).filter((name) => name.startsWith('BUN_'))).toEqual(ours);
  });

  test('decide where compiled code is kept, which is not Bun’s own folder', async () => {
    const { seen } = await show({ env: { HOME: '/home/a', XDG_CACHE_HOME: '' } });
    expect(seen.env['BUN_RUNTIME_TRANSPILER_CACHE_PATH']).toBe('/home/a/.cache/stint/bun');
    const moved = await show({ env: { XDG_CACHE_HOME: '/caches' } });
    expect(moved.seen.env['BUN_RUNTIME_TRANSPILER_CACHE_PATH']).toBe('/caches/stint/bun');
  });

  test('are replaced by what Stint needs', async () => {
    const { seen } = await show({ env: { NODE_ENV: 'development', BUN_CONFIG_MAX_HTTP_REQUESTS: '1' } });
    expect(seen.env).toMatchObject({ NODE_ENV: 'production', BUN_CONFIG_MAX_HTTP_REQUESTS: '65336' });
  });

  test('of anybody else pass', async () => {
    const { seen } = await show({ env: { STINT_HOME: '/elsewhere', LANG: 'bn_BD.UTF-8', EMPTY: '' } });
    expect(seen.env).toMatchObject({ STINT_HOME: '/elsewhere', LANG: 'bn_BD.UTF-8', EMPTY: '' });
  });

  test('that were changed are noted with their original value, and only those', async () => {
    const { note } = await show({ env: { NODE_ENV: 'test', BUN_INSTALL: '/home/a/.bun', LANG: 'C', NO_PROXY: '*' } });
    expect(note).toEqual({
      NODE_ENV: 'test',
      BUN_INSTALL: '/home/a/.bun',
      BUN_CONFIG_MAX_HTTP_REQUESTS: null,
      BUN_RUNTIME_TRANSPILER_CACHE_PATH: null,
    });
  });

  test('that already have the value are not noted', async () => {
    const { note } = await show({
      env: { NODE_ENV: 'production', BUN_CONFIG_MAX_HTTP_REQUESTS: '65336', NO_PROXY: '*' },
    });
    expect(Object.keys(note as object)).toEqual(['BUN_RUNTIME_TRANSPILER_CACHE_PATH']);
  });

  test('keep the original value when Stint starts Stint', async () => {
    const outer = await show({ env: { NODE_ENV: 'test', BUN_INSTALL: '/home/a/.bun', HTTP_PROXY: 'http://proxy:1' } });
    const inner = await show({ env: outer.seen.env });
    expect(inner.seen.env).toEqual(outer.seen.env);
  });

  test.each(['', 'not json', 'null', '[1]', '{"NODE_ENV":1}'])('survive the note %p', async (note) => {
    const { seen } = await show({ env: { STINT_USER_ENV: note, NODE_ENV: 'test' } });
    expect(seen.env['NODE_ENV']).toBe('production');
  });
});

describe('a proxy', () => {
  const proxy = { HTTP_PROXY: 'http://127.0.0.1:9' };
  const direct = 'localhost,127.0.0.1,::1';

  test('gets no requests to loopback', async () => {
    const { stdout } = await run(['fetch'], { env: proxy });
    expect(JSON.parse(stdout)).toEqual(['served', 'served', 'served']);
  });

  // One that only the settings of an agent hold is not seen here.
  test.each([{}, proxy])('with %j or elsewhere, stands beside a NO_PROXY with the loopback names', async (env) => {
    const { seen, note } = await show({ env });
    expect(seen.env).toMatchObject({ NO_PROXY: direct, no_proxy: direct });
    expect(note).toMatchObject({ NO_PROXY: null, no_proxy: null });
  });

  test.each([
    ['NO_PROXY', 'corp.example, 127.0.0.1', 'corp.example,127.0.0.1,localhost,::1'],
    ['no_proxy', 'corp.example', `corp.example,${direct}`],
  ])('leaves an existing %s of "%s" in its place', async (name, value, expected) => {
    const { seen, note } = await show({ env: { ...proxy, [name]: value } });
    expect(seen.env).toMatchObject({ NO_PROXY: expected, no_proxy: expected });
    expect(note[name]).toBe(value);
  });

  test('leaves a NO_PROXY of everything as it is', async () => {
    const { seen } = await show({ env: { ...proxy, NO_PROXY: '*' } });
    expect(seen.env['NO_PROXY']).toBe('*');
    expect(seen.env).not.toHaveProperty('no_proxy');
  });
});

test('headers of 100 kB are accepted', async () => {
  expect((await run(['headers'])).stdout).toBe('200\n');
});

describe('arguments', () => {
  test.each([
    [['two words', '', '  ', 'a"b\'c', '$HOME', '*']],
    [['ünïcödé', 'বাংলা', '🏁', 'line\nbreak']],
    [['claude', '--', '--help', '-p', '--']],
    [['--version', '--preload=x', '--inspect', '-e', '--config=y', '--cwd=/']],
  ])('%j pass unchanged', async (given) => {
    expect((await show({ args: given })).seen.arguments).toEqual(given);
  });
});

describe('the end of Stint is the end of the launcher', () => {
  test.each([0, 1, 7, 130, 255])('exit code %d', async (code) => {
    expect(await run(['exit', String(code)])).toMatchObject({ code, signal: null });
  });

  test('SIGTERM is handed on, and Stint decides how to end', async () => {
    const { launcher, nextOutput } = await startWaiting();
    launcher.kill('SIGTERM');
    expect(await nextOutput()).toBe('got SIGTERM\n');
    await launcher.exited;
    expect(launcher.exitCode).toBe(42);
  });

  test.each(['SIGKILL', 'SIGINT', 'SIGHUP'] as const)('killed by %s', async (signal) => {
    const { launcher, pid } = await startWaiting();
    process.kill(pid, signal);
    await launcher.exited;
    expect(launcher.signalCode).toBe(signal);
  });
});

describe('where Stint cannot run', () => {
  test('on Windows it points to WSL', async () => {
    const windows = `data:text/javascript,Object.defineProperty(process, 'platform', { value: 'win32' });`;
    expect(await run([], { nodeOptions: ['--import', windows] })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'Stint needs a Unix: on Windows, run it inside WSL (https://aka.ms/wsl).\n',
    });
  });

  test('without a Bun binary it says how to get one', async () => {
    using bare = temporaryFolder();
    cpSync(join(root, 'bin'), join(bare.path, 'bin'), { recursive: true });
    const { code, stdout, stderr } = await run([], { launcher: join(bare.path, 'bin/stint.mjs') });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Stint found no Bun for \S+: reinstall with .*--include=optional\.\n$/);
  });

  test('on a processor without a build it says so', async () => {
    const other = `data:text/javascript,Object.defineProperty(process, 'arch', { value: 'riscv64' });`;
    const { code, stderr } = await run([], { nodeOptions: ['--import', other] });
    expect(code).toBe(1);
    expect(stderr).toContain('-riscv64: reinstall');
  });

  test('a Bun binary that does not start is named', async () => {
    using broken = temporaryFolder();
    cpSync(join(root, 'bin'), join(broken.path, 'bin'), { recursive: true });
    for (const build of ['bun-linux-x64', 'bun-linux-x64-baseline', 'bun-linux-aarch64', 'bun-darwin-aarch64']) {
      await Bun.write(join(broken.path, 'node_modules/@oven', build, 'package.json'), '{}');
      await Bun.write(join(broken.path, 'node_modules/@oven', build, 'bin/bun'), '');
    }
    const { code, stderr } = await run([], { launcher: join(broken.path, 'bin/stint.mjs') });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Stint could not start \S+\/bin\/bun: .*EACCES.*\.\n$/);
  });
});

type Options = {
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly nodeOptions?: readonly string[];
  readonly launcher?: string;
};

async function show(options: Options) {
  const { stdout, stderr } = await run(options.args ?? ['show'], options);
  const seen = JSON.parse(stdout) as { arguments: string[]; env: Record<string, string> };
  const note = JSON.parse(seen.env['STINT_USER_ENV'] ?? 'null') as Record<string, string | null>;
  return { seen, note, stderr };
}

function run(args: readonly string[], options: Options = {}) {
  const launcher = options.launcher ?? join(stint.path, 'bin/stint.mjs');
  return runCommand(['node', ...(options.nodeOptions ?? []), launcher, ...args], {
    cwd: options.cwd ?? stint.path,
    env: { ...cleanEnvironment(), ...options.env },
  });
}

/** Starts a Stint that waits, and returns when it does, with its own process id. */
async function startWaiting() {
  const launcher = Bun.spawn(['node', join(stint.path, 'bin/stint.mjs'), 'wait'], {
    env: cleanEnvironment(),
    stdin: 'ignore',
    stdout: 'pipe',
  });
  const reader = launcher.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const nextOutput = async () => (await reader.read()).value;
  const pid = Number((await nextOutput())?.replace('waiting ', ''));
  return { launcher, pid, nextOutput };
}

function cleanEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: stint.path };
}

/** A project whose bunfig.toml and .env try to reach whatever Bun is started in it. */
async function hostileFolder() {
  const folder = temporaryFolder();
  await Bun.write(join(folder.path, 'hostile.ts'), hostileModule);
  await Bun.write(join(folder.path, 'bunfig.toml'), 'preload = ["./hostile.ts"]\n');
  await Bun.write(join(folder.path, '.env'), 'STINT_HOME=/hostile\n');
  return folder;
}
