import { expect, test } from 'bun:test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace, type Run } from '../../../test/daemon-rig.ts';

// The stand-in is systemctl's; on macOS the same commands go to launchctl, which src/service tests.
test.skipIf(process.platform !== 'linux')(
  'stint service install, status and remove say what they did',
  async () => {
    await using place = openPlace();
    const bin = join(place.folder, 'bin');
    mkdirSync(bin);
    const script = '#!/bin/sh\ncase "$*" in *UnitFileState*) echo "UnitFileState=enabled"; echo "MainPID=0";; esac\n';
    writeFileSync(join(bin, 'systemctl'), script, { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, TELEGRAM_BOT_TOKEN: '1:test-token' };
    const service = (...args: string[]): Promise<Run> => place.stint(['service', ...args], { env });
    const file = join(place.folder, '.config/systemd/user/stint.service');

    expect((await service('status')).stdout).toBe(
      'Stint is no service here. Make it one with: stint service install\n',
    );
    const installed = await service('install', '--insecure-bind');
    expect({ stderr: installed.stderr, code: installed.code }).toEqual({ stderr: '', code: 0 });
    expect(installed.stdout.split('\n').slice(0, 2)).toEqual([
      `Wrote ${file}.`,
      `systemd runs Stint for the home ${place.home}.`,
    ]);
    expect(installed.stdout).toMatch(/does not have: .*TELEGRAM_BOT_TOKEN.*systemctl --user edit stint\.service\n$/);
    const unit = readFileSync(file, 'utf8');
    expect(unit).toContain(`Environment="STINT_HOME=${place.home}"`);
    expect(unit).toMatch(
      /^ExecStart="\/\S*node" "\/\S+\/bin\/stint\.mjs" "--control-port" "0" "--agent-port" "0" "--insecure-bind" "up"$/m,
    );
    expect(unit).not.toContain('test-token');
    expect(JSON.parse((await service('status', '--json')).stdout)).toMatchObject({
      manager: 'systemd',
      home: place.home,
    });
    expect((await service('remove')).stdout).toBe(`Removed ${file}; Stint no longer starts by itself.\n`);
    const verb = await service('start');
    expect(verb).toMatchObject({ stdout: '', code: 2 });
    expect(verb.stderr).toContain('Allowed choices are install, remove, status.');
  },
  15_000,
);
