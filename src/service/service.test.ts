// The files that a service leaves, and what is said to systemd and launchd, for whom executables on PATH stand in.
import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { daemonService, type DaemonService } from './daemon-service.ts';
import { homeOfAgent, launchdAgent } from './launchd-agent.ts';
import { homeOfUnit, systemdUnit } from './systemd-unit.ts';

const launcher = '/opt/stint/bin/stint.mjs';

type Rig = Disposable & {
  readonly service: DaemonService;
  readonly folder: string;
  /** What the stand-ins were called with, in order. */
  calls(): string[];
  readonly file: string;
};

/** A machine whose tools note what they are asked, and answer by a script. */
function openMachine(platform: 'linux' | 'darwin', script: string, more: Record<string, string> = {}): Rig {
  const folder = temporaryFolder();
  const bin = join(folder.path, 'bin');
  mkdirSync(bin);
  const log = join(folder.path, 'calls');
  const body = `#!/bin/sh\necho "$(basename "$0") $*" >> ${log}\n${script}\n`;
  for (const tool of platform === 'darwin' ? ['launchctl'] : ['systemctl', 'loginctl'])
    writeFileSync(join(bin, tool), body, { mode: 0o755 });
  writeFileSync(join(bin, 'node'), '#!/bin/sh\n', { mode: 0o755 });
  const environment = { PATH: `${bin}:/usr/bin:/bin`, ...more };
  const service = daemonService({ platform, uid: 501, folder: folder.path, environment }, launcher);
  return {
    ...{ service, folder: folder.path },
    file: join(
      folder.path,
      platform === 'darwin' ? 'Library/LaunchAgents/stint.daemon.plist' : '.config/systemd/user/stint.service',
    ),
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const daemon = { home: '/home/me/.stint', flags: [], graceSeconds: 30, start: true };
const works =
  'case "$*" in *UnitFileState*) echo "UnitFileState=enabled"; echo "MainPID=4711";; *Linger*) echo Linger=no;; esac';

describe('a unit of systemd', () => {
  test('is written, enabled and started, and says what it needs', async () => {
    using rig = openMachine('linux', works, { HTTPS_PROXY: 'http://user:sk-test-0@proxy' });
    const { changed, left } = await rig.service.install({ ...daemon, flags: ['--agent-port', '0'] });
    const text = readFileSync(rig.file, 'utf8');
    expect({ changed, left }).toEqual({ changed: true, left: ['HTTPS_PROXY'] });
    expect(text).toContain(`ExecStart="${join(rig.folder, 'bin/node')}" "${launcher}" "--agent-port" "0" "up"\n`);
    expect(text).toContain('Environment="STINT_HOME=/home/me/.stint"\n');
    expect(text).toContain('Restart=on-failure\n');
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1])).toBeGreaterThan(daemon.graceSeconds);
    expect(text).not.toContain('sk-test-0');
    expect(rig.calls()).toEqual([
      'systemctl --user show --property=Version',
      'systemctl --user daemon-reload',
      'systemctl --user enable --now stint.service',
    ]);
    expect(await rig.service.status()).toEqual({
      ...{ manager: 'systemd', file: rig.file, home: daemon.home, enabled: true, pid: 4711 },
      ...{ atBoot: false, bootHint: 'loginctl enable-linger', editHint: 'systemctl --user edit stint.service' },
    });
  });

  test('is the same when it is installed again, and is not started beside a daemon', async () => {
    using rig = openMachine('linux', works);
    await rig.service.install(daemon);
    const before = readFileSync(rig.file, 'utf8');
    expect(await rig.service.install({ ...daemon, start: false })).toMatchObject({ changed: false });
    expect(readFileSync(rig.file, 'utf8')).toBe(before);
    expect(rig.calls().at(-1)).toBe('systemctl --user enable stint.service');
  });

  test('goes when it is removed, and once only', async () => {
    using rig = openMachine('linux', works);
    await rig.service.install(daemon);
    await expect(rig.service.remove('/other home')).rejects.toMatchObject({
      code: 'conflict',
      message: `The service runs the home ${daemon.home}.`,
    });
    expect(existsSync(rig.file)).toBe(true);
    expect(await rig.service.remove(daemon.home)).toBe(true);
    expect(existsSync(rig.file)).toBe(false);
    expect(rig.calls().slice(-2)).toEqual([
      'systemctl --user disable --now stint.service',
      'systemctl --user daemon-reload',
    ]);
    expect(await rig.service.remove(daemon.home)).toBe(false);
    expect(await rig.service.status()).toMatchObject({ home: null, enabled: false, pid: null });
  });

  test.each([
    [
      'show',
      'echo "Failed to connect to bus: No medium found" >&2; exit 1',
      /no services for you here: Failed to connect to bus/,
    ],
    [
      'enable',
      'case "$*" in *enable*) echo "Access denied" >&2; exit 1;; esac',
      /^systemctl refused: Access denied\.$/,
    ],
  ])('is not left behind when systemctl %s fails', async (_, script, message) => {
    using rig = openMachine('linux', script);
    const refused = rig.service.install(daemon);
    await expect(refused).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(message) as string,
    });
    expect(existsSync(rig.file)).toBe(false);
  });

  test.each([
    ['[Service]\nExecStart=/bin/true\n', /is not of Stint\.$/],
    [
      systemdUnit({ home: '/other home', command: ['/x'], environment: {}, stopSeconds: 1 }),
      /^The service runs the home \/other home\.$/,
    ],
  ])('never takes the place of another: %#', async (text, message) => {
    using rig = openMachine('linux', works);
    mkdirSync(join(rig.file, '..'), { recursive: true });
    writeFileSync(rig.file, text);
    await expect(rig.service.install(daemon)).rejects.toThrow(message);
    expect(readFileSync(rig.file, 'utf8')).toBe(text);
  });

  test.skipIf(Bun.which('systemd-analyze') === null)('is one that systemd takes, whatever the paths are', () => {
    using folder = temporaryFolder();
    const odd = join(folder.path, 'a "b" %h $HOME \\c');
    const executable = join(folder.path, 'of %h and $HOME');
    writeFileSync(executable, '#!/bin/sh\n', { mode: 0o755 });
    const text = systemdUnit({
      home: odd,
      command: [executable, odd, 'up'],
      environment: { PATH: odd },
      stopSeconds: 75,
    });
    expect(homeOfUnit(text)).toBe(odd);
    const unit = join(folder.path, 'stint.service');
    writeFileSync(unit, text);
    const verified = Bun.spawnSync(['systemd-analyze', 'verify', '--user', '--man=no', unit], {
      env: { PATH: process.env['PATH'], HOME: folder.path, XDG_RUNTIME_DIR: folder.path },
    });
    expect(verified.stderr.toString()).not.toContain('stint.service');
    expect(verified.exitCode).toBe(0);
  });
});

describe('an agent of launchd', () => {
  const notLoaded = 'case "$*" in "print gui/501/stint.daemon") exit 113;; esac';

  test('is written and loaded', async () => {
    using rig = openMachine('darwin', notLoaded);
    await rig.service.install(daemon);
    expect(rig.calls()).toEqual([
      'launchctl print gui/501',
      'launchctl enable gui/501/stint.daemon',
      'launchctl print gui/501/stint.daemon',
      `launchctl bootstrap gui/501 ${rig.file}`,
    ]);
    expect(homeOfAgent(readFileSync(rig.file, 'utf8'))).toBe(daemon.home);
  });

  test('is not loaded twice, says its process, and is unloaded when it is removed', async () => {
    using rig = openMachine('darwin', 'echo "	pid = 4711"');
    await rig.service.install(daemon);
    expect(rig.calls().join('\n')).not.toContain('bootstrap');
    expect(await rig.service.status()).toMatchObject({ manager: 'launchd', home: daemon.home, pid: 4711 });
    await expect(rig.service.remove('/other')).rejects.toMatchObject({ code: 'conflict' });
    expect(await rig.service.remove(daemon.home)).toBe(true);
    expect(rig.calls().at(-1)).toBe('launchctl bootout gui/501/stint.daemon');
    expect(existsSync(rig.file)).toBe(false);
  });

  test('needs somebody at the screen', async () => {
    using rig = openMachine('darwin', 'exit 112');
    await expect(rig.service.install(daemon)).rejects.toThrow('launchd runs no agents for you here.');
    expect(existsSync(rig.file)).toBe(false);
  });

  test('is XML whatever the paths are', () => {
    const home = '/Users/a & b/<stint>';
    const text = launchdAgent({ home, command: [`${home}/node`, 'up'], environment: {}, stopSeconds: 75 });
    expect(homeOfAgent(text)).toBe(home);
    expect(text).toContain('<string>/Users/a &amp; b/&lt;stint&gt;/node</string>');
    expect(text).toContain('<integer>75</integer>');
  });
});

describe('a service', () => {
  const machine = { platform: 'linux', uid: 0, folder: '/root' } as const;

  test.each([
    [{ PATH: '/nowhere' }, /^This machine has no systemctl/],
    [{ PATH: '/usr/bin:/bin', SUDO_USER: 'me' }, /^The service belongs to a user, and this is root by sudo\.$/],
  ])('is refused where there is nobody for it: %j', (environment, message) => {
    expect(() => daemonService({ ...machine, environment }, launcher)).toThrow(message);
  });

  test('is not made of what npx keeps for a while', async () => {
    using rig = openMachine('linux', works);
    const environment = { PATH: `${rig.folder}/bin:/usr/bin:/bin` };
    const service = daemonService(
      { ...machine, folder: rig.folder, environment },
      '/root/.npm/_npx/0123/node_modules/stint/bin/stint.mjs',
    );
    await expect(service.install(daemon)).rejects.toThrow('in the cache of npx');
    expect(existsSync(rig.file)).toBe(false);
  });
});
