import { describe, expect, test } from 'bun:test';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { Config } from './config-schema.ts';
import { openConfig, type ConfigEvent, type LiveConfig, type LiveConfigOptions } from './live-config.ts';

type Rig = AsyncDisposable & {
  readonly folder: string;
  readonly path: string;
  readonly live: LiveConfig;
  /** What was told so far, a line each. */
  readonly told: string[];
  /** The next thing that is told. */
  next(): Promise<string>;
};

async function open(text: string | null, more: Partial<LiveConfigOptions> = {}): Promise<Rig> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder());
  const path = more.path ?? join(folder.path, 'config.toml');
  if (text !== null) writeFileSync(path, text);
  const told: string[] = [];
  let waiting: (() => void) | undefined;
  const tell = (event: ConfigEvent) => {
    told.push(lineOf(event));
    waiting?.();
  };
  const live = opened.adopt(await openConfig({ path, overrides: {}, tell, ...more }), (each) => each.stop());
  const resources = opened.move();
  return {
    ...{ folder: folder.path, path, live, told },
    async next() {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = resolve;
      await promise;
      return told.at(-1) ?? '';
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function lineOf(event: ConfigEvent): string {
  switch (event.kind) {
    case 'changed':
      return `changed ${event.fields.join(' ')}${event.pending.length > 0 ? `; at restart ${event.pending.join(' ')}` : ''}`;
    case 'refused':
      return `refused ${event.part}: ${event.problem.message}`;
    case 'mended':
      return `mended ${event.part}`;
    case 'failed':
      return `failed ${event.part}: ${String(event.error)}`;
  }
}

describe('the file', () => {
  test.each<[string, (path: string, text: string) => void]>([
    ['written in place', (path, text) => writeFileSync(path, text)],
    [
      'replaced by an editor',
      (path, text) => {
        writeFileSync(`${path}~`, text);
        renameSync(`${path}~`, path);
      },
    ],
    [
      'moved away and written anew',
      (path, text) => {
        renameSync(path, `${path}.bak`);
        writeFileSync(path, text);
      },
    ],
  ])('acts when it is %s', async (_, write) => {
    await using rig = await open('[log]\nlevel = "debug"');
    const next = rig.next();
    write(rig.path, '[gateway]\nholdSeconds = 5');
    expect(await next).toBe('changed gateway.holdSeconds log.level');
    expect([rig.live.current().gateway.holdSeconds, rig.live.current().log.level]).toEqual([5, 'info']);
  });

  test('acts when it comes, and when it goes', async () => {
    await using rig = await open(null);
    const came = rig.next();
    writeFileSync(rig.path, '[log]\nlevel = "debug"');
    expect(await came).toBe('changed log.level');
    const went = rig.next();
    rmSync(rig.path);
    expect(await went).toBe('changed log.level');
    expect(rig.live.current().log.level).toBe('info');
  });

  test('acts when it is the target of a link, which is looked at now and then', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'elsewhere'));
    const target = join(folder.path, 'elsewhere', 'mine.toml');
    writeFileSync(target, '');
    const path = join(folder.path, 'config.toml');
    symlinkSync(target, path);
    await using rig = await open(null, { path, pollMs: 10 });
    const next = rig.next();
    writeFileSync(target, '[log]\nlevel = "debug"');
    expect(await next).toBe('changed log.level');
  });

  test.each([
    ['[control]\nport = "x"', 'config.toml line 2: control.port must be'],
    ['[agent]\nhost = "0.0.0.0"', 'config.toml line 2: agent.host must be a loopback address'],
    ['[vault]\nkey = 1', 'config.toml line 2: vault.key must be'],
    ['[network]\ncaFile = "x"', 'config.toml line 2: network.caFile must be'],
    ['insecureBind = 1', 'config.toml line 1: insecureBind must be'],
    ['[log', 'config.toml line 1: '],
  ])('that is wrong where the start needs it is refused: %j', async (text, message) => {
    await expect(open(text)).rejects.toThrow(message);
  });

  test('that is wrong elsewhere starts with defaults, until it is right', async () => {
    await using rig = await open('[audit]\nkeepDays = 0\n[reset]\nagent = 1\n[gateway]\nholdSeconds = 7\n[x]\n');
    expect(rig.live.faults().map(({ part }) => part)).toEqual(['x', 'reset', 'audit']);
    expect([rig.live.current().audit.keepDays, rig.live.current().gateway.holdSeconds]).toEqual([90, 7]);
    expect(rig.live.neverRight('gateway')).toBeUndefined();
    expect(rig.live.neverRight('reset')?.problem.message).toBe('config.toml line 4: reset.agent must be a name.');
    writeFileSync(rig.path, '[reset');
    await rig.live.reload();
    expect(rig.live.neverRight('reset')?.problem.message).toStartWith('config.toml line 1: ');
    writeFileSync(rig.path, '[audit]\nkeepDays = 8\n[reset]\nagent = 1');
    await rig.live.reload();
    expect([rig.live.neverRight('audit'), rig.live.neverRight('reset')?.part]).toEqual([undefined, 'reset']);
    writeFileSync(rig.path, '[audit]\nkeepDays = 0');
    await rig.live.reload();
    expect([rig.live.neverRight('audit'), rig.live.neverRight('reset')]).toEqual([undefined, undefined]);
    expect([rig.live.faultOf('audit')?.part, rig.live.current().audit.keepDays]).toEqual(['audit', 8]);
  });

  test('that is no file is told as such, and the settings stay', async () => {
    await using rig = await open('[log]\nlevel = "debug"');
    rmSync(rig.path);
    Bun.spawnSync(['mkfifo', rig.path]);
    await rig.live.reload();
    expect(rig.told).toEqual([`refused : ${rig.path} cannot be read: it is no regular file.`]);
    expect(rig.live.current().log.level).toBe('debug');
  });

  test('may say what a flag allows', async () => {
    await using rig = await open('[agent]\nhost = "0.0.0.0"', { overrides: { insecureBind: true } });
    expect([rig.live.current().agent.host, rig.live.current().insecureBind]).toEqual(['0.0.0.0', true]);
    writeFileSync(rig.path, '[agent]\nhost = "::"');
    await rig.live.reload();
    expect([rig.live.faults(), rig.live.pendingRestart()]).toEqual([[], ['agent.host']]);
  });

  test('is edited by whoever changes what nobody announced', async () => {
    const edits: (readonly string[])[] = [];
    const tell = (event: ConfigEvent) => void (event.kind === 'changed' && edits.push(event.edited));
    await using rig = await open('', { tell });
    const end = rig.live.announce('log.level');
    writeFileSync(rig.path, '[log]\nlevel = "debug"');
    await rig.live.reload();
    writeFileSync(rig.path, '[log]\nlevel = "error"\n[control]\nport = 5000');
    await rig.live.reload();
    end();
    writeFileSync(rig.path, '[control]\nport = 5000');
    await rig.live.reload();
    expect(edits).toEqual([[], ['control.port'], ['log.level']]);
  });
});

describe('a section that is wrong', () => {
  test('stays as it was, is told once, and keeps no other from acting', async () => {
    await using rig = await open('[audit]\nkeepDays = 7');
    writeFileSync(rig.path, '[audit]\nkeepDays = 0\n[log]\nlevel = "debug"');
    await rig.live.reload();
    await rig.live.reload();
    const refused = 'refused audit: config.toml line 2: audit.keepDays must be a whole number from 1 to 3650.';
    expect(rig.told).toEqual([refused, 'changed log.level']);
    expect([rig.live.current().audit.keepDays, rig.live.faults().map((each) => each.part)]).toEqual([7, ['audit']]);
    writeFileSync(rig.path, '[audit]\nkeepDays = 8\n[log]\nlevel = "debug"');
    await rig.live.reload();
    expect(rig.told.slice(2)).toEqual(['mended audit', 'changed audit.keepDays']);
    expect(rig.live.faults()).toEqual([]);
  });

  test('may be the whole file', async () => {
    await using rig = await open('[audit]\nkeepDays = 7');
    writeFileSync(rig.path, '[audit');
    await rig.live.reload();
    expect(rig.told).toEqual([expect.stringMatching(/^refused : config\.toml line 1: /)]);
    expect(rig.live.current().audit.keepDays).toBe(7);
    rmSync(rig.path);
    mkdirSync(rig.path);
    await rig.live.reload();
    expect(rig.told.at(-1)).toBe(`refused : ${rig.path} cannot be read: it is a directory.`);
  });
});

describe('what is read at the start', () => {
  test('stays until a restart, and is pending', async () => {
    await using rig = await open('[control]\nport = 5000');
    writeFileSync(
      rig.path,
      '[control]\nport = 5001\n[gateway]\nbodyLimitMiB = 3\nholdSeconds = 1\n[vault]\nkey = "keychain"',
    );
    await rig.live.reload();
    const pending = ['control.port', 'gateway.bodyLimitMiB', 'vault.key'];
    expect(rig.told).toEqual([`changed gateway.holdSeconds; at restart ${pending.join(' ')}`]);
    expect(rig.live.pendingRestart()).toEqual(pending);
    expect(rig.live.current().control.port).toBe(5000);
    expect(rig.live.wanted().control.port).toBe(5001);
    writeFileSync(rig.path, '[control]\nport = 5000\n[gateway]\nholdSeconds = 1');
    await rig.live.reload();
    expect([rig.told.at(-1), rig.live.pendingRestart()]).toEqual(['changed ', []]);
  });

  test('gives way to flags, which the file does not change', async () => {
    await using rig = await open('[control]\nport = 5000', { overrides: { controlPort: 6000 } });
    expect(rig.live.current().control.port).toBe(6000);
    writeFileSync(rig.path, '[control]\nport = 5001');
    await rig.live.reload();
    expect([rig.live.current().control.port, rig.live.pendingRestart(), rig.told]).toEqual([6000, [], ['changed ']]);
  });
});

describe('whoever acts on a section', () => {
  test('is told when that section changed, until it wants no more', async () => {
    await using rig = await open('');
    const seen: Config['log'][] = [];
    const end = rig.live.onChange('log', (config) => void seen.push(config.log));
    const write = (text: string) => {
      writeFileSync(rig.path, text);
      return rig.live.reload();
    };
    await write('[audit]\nkeepDays = 3');
    expect(seen).toEqual([]);
    await write('[log]\nlevel = "debug"');
    expect(seen).toEqual([{ level: 'debug' }]);
    end();
    await write('[log]\nlevel = "error"');
    expect(seen.length).toBe(1);
  });

  test('keeps nobody from being told when it fails', async () => {
    await using rig = await open('');
    const seen: string[] = [];
    rig.live.onChange('log', () => {
      throw new Error('a bug');
    });
    rig.live.onChange('log', (config) => void seen.push(config.log.level));
    writeFileSync(rig.path, '[log]\nlevel = "debug"');
    await rig.live.reload();
    expect([seen, rig.told]).toEqual([['debug'], ['changed log.level', 'failed log: Error: a bug']]);
  });

  test('is told nothing after the end', async () => {
    await using rig = await open('');
    const seen: string[] = [];
    rig.live.onChange('log', (config) => void seen.push(config.log.level));
    await rig.live.stop();
    writeFileSync(rig.path, '[log]\nlevel = "debug"');
    await rig.live.reload();
    expect(seen).toEqual([]);
  });
});
