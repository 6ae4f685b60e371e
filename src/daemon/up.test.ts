// Starts, ends and refusals of the daemon, each in a home of its own.
import { describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openPlace, openServing, openStream } from '../../test/daemon-rig.ts';

const secret = 'sk-ant-api03-test-0123456789';

describe('stint up', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'serves until %s, and ends with 0 and nothing left that tells of it',
    async (signal) => {
      await using place = openPlace();
      const { child, firstLine, ended } = await place.up();
      const pid = Number(place.read('stint.pid'));
      expect(firstLine).toMatch(
        new RegExp(
          `^Stint is running as process ${pid}: agents at http://127.0.0.1:\\d+, control API at http://127.0.0.1:\\d+\\.$`,
        ),
      );
      expect(await (await place.api('/healthz')).text()).toBe('ok\n');
      child.kill(signal);
      expect(await ended).toMatchObject({ stderr: '', code: 0 });
      expect(readdirSync(place.home).toSorted()).toEqual(['logs', 'stint.db', 'stint.lock', 'token', 'token-read']);
      const again = await place.up();
      expect(again.firstLine).toStartWith('Stint is running');
      again.child.kill('SIGTERM');
      expect(await again.ended).toMatchObject({ code: 0 });
    },
    15_000,
  );

  // systemd signals a whole group: the launcher hands on what its child was already sent.
  test('ends gracefully when it is sent SIGTERM twice', async () => {
    await using place = openPlace();
    const { child, ended } = await place.up();
    await using stream = await openStream(place);
    process.kill(Number(place.read('stint.pid')), 'SIGTERM');
    await stream.next();
    await stream.next();
    child.kill('SIGTERM');
    expect(await stream.text()).toEndWith('data: {"type":"message_stop"}\n\n');
    expect(await ended).toMatchObject({ stderr: '', code: 0 });
    expect(place.read('stint.pid')).toBeUndefined();
  }, 20_000);

  test('goes on when its terminal is gone', async () => {
    await using place = openPlace();
    const { child, ended } = await place.up();
    process.kill(Number(place.read('stint.pid')), 'SIGHUP');
    expect((await place.api('/healthz')).status).toBe(200);
    expect((await place.stint(['--no-start', 'status'])).code).toBe(0);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
  }, 10_000);

  test('tells a second daemon who holds the home', async () => {
    await using place = await openServing();
    const pid = place.read('stint.pid')?.trim() ?? '';
    const second = await place.up();
    const { stderr, code } = await second.ended;
    expect(stderr).toMatch(
      new RegExp(`^Stint is already running in \\S+ as process ${pid} since \\S+Z\\. Stop it with: stint down\\n$`),
    );
    expect({ code, firstLine: second.firstLine }).toEqual({ code: 1, firstLine: '' });
    expect((await place.api('/api/daemon.status')).status).toBe(200);
  }, 10_000);

  test('on a port that something else has, also another Stint, says which one and leaves nothing', async () => {
    await using other = await openServing();
    await using program = await takePort();
    const { controlPort, agentPort } = JSON.parse(other.read('daemon.json') ?? '{}') as Record<string, number>;
    await using place = openPlace();
    for (const [args, message] of [
      [['up', '--control-port', controlPort], `Port ${controlPort} for the control API is taken.`],
      [['up', '--agent-port', agentPort], `Port ${agentPort} for agents is taken.`],
      [['up', '--detach', '--control-port', program.port], `Port ${program.port} for the control API is taken.`],
      [['status', '--agent-port', program.port], `Port ${program.port} for agents is taken.`],
    ] as const) {
      const { stdout, stderr, code } = await place.stint(args.map(String));
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
      expect(stderr).toBe(`${message} Choose another with: stint up ${args.at(-2)} 0\n`);
    }
    for (const file of ['stint.pid', 'holder.json', 'daemon.json']) expect(place.read(file)).toBeUndefined();
    expect((await place.stint(['status'])).code).toBe(0);
  }, 20_000);
});

test('a port that is none is told by the command that would start the daemon', async () => {
  await using place = openPlace();
  const { stderr, code } = await place.stint(['status'], { env: { STINT_CONTROL_PORT: '70000' } });
  expect({ stderr, code }).toEqual({
    stderr: 'The control port must be a whole number from 0 to 65535, not "70000". 0 takes any free port.\n',
    code: 2,
  });
});

describe('a home that cannot be used', () => {
  test('because a file is in the way is told of by every command', async () => {
    await using place = openPlace();
    writeFileSync(place.home, 'a file');
    for (const args of [['up'], ['status'], []]) {
      const { stdout, stderr, code } = await place.stint(args);
      expect({ stdout, code }).toEqual({ stdout: '', code: 5 });
      expect(stderr).toMatch(/^\S+home\S* cannot be .*directory\. .*hoose another home: STINT_HOME=<folder>\n$/);
    }
    const doctor = await place.stint(['doctor']);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toContain('FAIL home ');
    rmSync(place.home);
  }, 15_000);

  test.each([
    ['[agent]\nport = "long"\n', 'config.toml line 2: agent.port must be a whole number from 0 to 65535.'],
    ['[agent\n', /^config\.toml line 1: .+\./],
  ])(
    'because config.toml says %j',
    async (config, message) => {
      await using place = openPlace();
      mkdirSync(place.home);
      writeFileSync(join(place.home, 'config.toml'), config);
      for (const args of [['up'], ['status']]) {
        const { stderr, code } = await place.stint(args);
        expect(code).toBe(2);
        expect(stderr).toMatch(message);
        expect(stderr).toEndWith(` Edit ${place.home}/config.toml\n`);
      }
      expect(place.read('stint.pid')).toBeUndefined();
    },
    10_000,
  );

  test('because the key of its vault is missing is left as it is', async () => {
    await using place = openPlace();
    await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: secret });
    await place.stint(['down']);
    const vault = place.read('vault.json');
    renameSync(join(place.home, 'vault.key'), join(place.folder, 'key'));
    const { stderr, code } = await place.stint(['status']);
    expect(stderr).toMatch(/^The vault key \S+vault\.key is missing, .*\. Put it back from a backup, /);
    expect(code).toBe(5);
    expect(place.read('vault.key')).toBeUndefined();
    expect(place.read('vault.json')).toBe(vault ?? '');
    renameSync(join(place.folder, 'key'), join(place.home, 'vault.key'));
    expect((await place.stint(['status'])).stdout).toContain('anthropic/work  open\n');
  }, 15_000);
});

test('an account whose secret is gone is said to need one before a request fails', async () => {
  await using place = openPlace();
  await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: secret });
  await place.stint(['down']);
  rmSync(join(place.home, 'vault.json'));
  const { stdout } = await place.stint(['status']);
  expect(stdout.replace(/(exhausted since ).*/, '$1…')).toEndWith(
    [
      'anthropic/work  needs-login (the vault has no secret of it)',
      '  mend it: stint account add anthropic work --replace',
      '',
      'pool anthropic  sticky',
      '  exhausted since …',
      '  next request: nobody',
      '    not anthropic/work: needs-login',
      '',
    ].join('\n'),
  );
  await place.stint(['account', 'add', 'anthropic', 'work', '--replace'], { stdin: secret });
  expect((await place.stint(['status'])).stdout).toContain('next request: anthropic/work\n');
}, 15_000);

test.each(['up --detach', 'status'])(
  'a damaged database is set aside, and stint %s says so',
  async (command) => {
    await using place = openPlace();
    mkdirSync(place.home);
    const damaged = randomBytes(8192);
    writeFileSync(join(place.home, 'stint.db'), damaged);
    const { stderr, code } = await place.stint(command.split(' '));
    expect(code).toBe(0);
    const path =
      /^The database was damaged and is kept as (\S+); Stint begins with a new one\. .*stint account add\n$/.exec(
        stderr,
      )?.[1] ?? '';
    expect(path).toStartWith(`${place.home}/stint.db.damaged-`);
    expect(Buffer.from(await Bun.file(path).bytes())).toEqual(damaged);
    expect((await place.stint(['status'])).stdout).toContain(`A damaged database was put aside as ${path}.`);
  },
  10_000,
);

describe('a command', () => {
  test('starts the daemon, from any folder, also with a home that is named from there', async () => {
    await using place = openPlace();
    const { stdout, stderr, code } = await place.stint(['--home', 'home', 'status']);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toContain('No accounts yet. Add one with: stint account add anthropic work');
    expect(place.read('daemon.json')).toBeDefined();
  });

  test('does not with --no-start', async () => {
    await using place = openPlace();
    for (const args of [['--no-start', 'status'], ['account', 'list', '--no-start'], ['down']]) {
      expect(await place.stint(args)).toEqual({
        stdout: '',
        stderr: 'The Stint daemon is not running. Start it with: stint up --detach\n',
        code: 5,
      });
    }
    expect(existsSync(place.home)).toBe(false);
  }, 10_000);

  test('that starts it while others do is served by the same one', async () => {
    await using place = openPlace();
    const runs = await Promise.all([1, 2, 3, 4].map(() => place.stint(['--json', 'status'])));
    expect(runs.map(({ stderr, code }) => ({ stderr, code }))).toEqual(runs.map(() => ({ stderr: '', code: 0 })));
    const pids = runs.map(({ stdout }) => (JSON.parse(stdout) as { daemon: { pid: number } }).daemon.pid);
    expect(new Set(pids)).toEqual(new Set([Number(place.read('stint.pid'))]));
  }, 20_000);

  test('starts another daemon after one was killed', async () => {
    await using place = openPlace();
    await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: secret });
    process.kill(Number(place.read('stint.pid')), 'SIGKILL');
    const { stdout, code } = await place.stint(['status']);
    expect(code).toBe(0);
    expect(stdout).toContain('anthropic/work  open\n');
  }, 10_000);
});

describe('stint down', () => {
  test('waits for the end', async () => {
    await using place = openPlace();
    const { ended } = await place.up();
    const pid = place.read('stint.pid')?.trim() ?? '';
    expect(await place.stint(['down'])).toEqual({ stdout: `Stopped process ${pid}.\n`, stderr: '', code: 0 });
    expect(place.read('stint.pid')).toBeUndefined();
    expect(await ended).toMatchObject({ stderr: '', code: 0 });
  });

  test('lets an open stream come to its end, and says that it waits', async () => {
    await using place = openPlace();
    await using stream = await openStream(place);
    const [down, text] = await Promise.all([place.stint(['down']), stream.text()]);
    expect(down).toMatchObject({ stderr: 'Waiting for 1 open request.\n', code: 0 });
    expect(text).toEndWith('data: {"type":"message_stop"}\n\n');
  }, 20_000);

  test('says in JSON what it stopped', async () => {
    await using place = openPlace();
    const { pid } = JSON.parse((await place.stint(['up', '--detach', '--json'])).stdout) as { pid: number };
    expect(JSON.parse((await place.stint(['--json', 'down'])).stdout)).toEqual({ stopped: pid });
  });
});

describe('stint alone', () => {
  test('starts nothing, and says what to do next', async () => {
    await using place = openPlace();
    expect((await place.stint([])).stdout).toMatch(
      /The daemon is not running; commands start it\. Next:\n {2}stint demo /,
    );
    expect(existsSync(place.home)).toBe(false);
  });

  test('without an account says how to add one', async () => {
    await using place = await openServing();
    expect((await place.stint([])).stdout).toMatch(
      /It is running and has no account yet\. Next:\n {2}stint account add /,
    );
  });
});

async function takePort(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}
