// The settings with no daemon, as when a wrong one keeps it from starting.
import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace, type Place } from '../../../test/daemon-rig.ts';

const right = '[gateway]\nholdSeconds = 60 # mine\n';
const wrong = '[gateway]\nholdSeconds = -1\n';

function placeWith(text: string): Place {
  const place = openPlace();
  mkdirSync(place.home, { mode: 0o700 });
  writeFileSync(join(place.home, 'config.toml'), text);
  return place;
}

/** An editor that does what `script` does to the file, and notes that it was called. */
function editor({ folder }: Place, script: string): string {
  const path = join(folder, 'my editor');
  writeFileSync(path, `#!/bin/sh\necho "$@" >> '${folder}/edited'\n${script}\n`, { mode: 0o755 });
  return `'${path}' --wait`;
}

describe('without a daemon', () => {
  test('settings are listed, shown and checked, and none is started for it', async () => {
    await using place = placeWith(right);
    const listed = await place.stint(['config', 'list', 'gateway', '--changed']);
    expect(listed.stdout).toMatch(/^# \S+\/config\.toml\nSETTING +VALUE\ngateway\.holdSeconds +60 +changed\n$/);
    expect((await place.stint(['config', 'get', 'gateway.holdSeconds'])).stdout).toBe('60\n');
    expect(await place.stint(['config', 'check'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ok /) as string,
    });
    expect(place.read('stint.pid')).toBeUndefined();
  });

  test('a setting that is wrong is named with its line, by either word', async () => {
    await using place = placeWith(wrong);
    const sentence = 'config.toml line 2: gateway.holdSeconds must be a whole number from 0 to 3600.';
    for (const verb of ['check', 'validate']) {
      const { stdout, code } = await place.stint(['config', verb]);
      expect(stdout).toContain(`: ${sentence}\n`);
      expect(code).toBe(1);
    }
    const listed = await place.stint(['config', 'list']);
    expect(listed).toMatchObject({ stdout: '', code: 2 });
    expect(listed.stderr).toStartWith(sentence);
  });
});

describe('a daemon that cannot start', () => {
  test('is mended by its settings, one after the other, and each of them is found', async () => {
    await using place = placeWith(
      '[control]\nport = 99999 # mine\nhost = 7\n[agent.tls]\ncertFile = "/nowhere/cert.pem"\n',
    );
    const found = await place.stint(['config', 'check']);
    expect(found.code).toBe(1);
    expect(found.stdout).toContain('control.port must be a whole number from 0 to 65535.');
    expect(found.stdout).toContain('agent.tls.certFile needs agent.tls.keyFile as well.');
    expect((await place.stint(['config', 'set', 'control.port', '0'])).code).toBe(0);
    expect(await place.stint(['config', 'set', 'control.host', '127.0.0.1'])).toMatchObject({
      ...{ code: 0, stdout: 'control.host is "127.0.0.1".\n' },
      stderr: 'Warning: Still wrong: config.toml line 5: agent.tls.certFile needs agent.tls.keyFile as well.\n',
    });
    await place.stint(['config', 'set', 'agent.tls.certFile', '--unset']);
    expect(place.read('config.toml')).toBe('[control]\nport = 0 # mine\nhost = "127.0.0.1"\n[agent.tls]\n');
    expect((await place.stint(['config', 'check'])).code).toBe(0);
    expect(place.read('stint.pid')).toBeUndefined();
  }, 15_000);

  test.each([
    ['[network]\ncaFile = "/nowhere/ca.pem"', 'network.caFile /nowhere/ca.pem cannot be read: ENOENT.'],
    ['[telegram]\ntokenFile = "/nowhere/token"', 'telegram.tokenFile /nowhere/token does not exist.'],
    [
      '[notices.webhook]\nurl = "https://example.com/"\nsecretFile = "/nowhere/secret"',
      'notices.webhook.secretFile /nowhere/secret does not exist.',
    ],
    ['[agent]\nsocket = "/nowhere/agent.sock"', '/nowhere cannot hold the agents’ socket: ENOENT.'],
  ])('is told before: %j', async (text, detail) => {
    await using place = placeWith(`${text}\n`);
    const { stdout, code } = await place.stint(['config', 'check']);
    expect(stdout).toContain(detail);
    expect(code).toBe(1);
  });
});

describe('stint config edit', () => {
  test('saves what is right, in place of what was wrong', async () => {
    await using place = placeWith(wrong);
    const EDITOR = editor(place, `sed -i.bak 's/-1/7/' "$2"`);
    const { stdout, stderr, code } = await place.stint(['config', 'edit'], { env: { EDITOR, VISUAL: '' } });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toStartWith(`Saved ${place.home}/config.toml.`);
    expect(place.read('config.toml')).toBe('[gateway]\nholdSeconds = 7\n');
    // The draft is gone with the backup that the editor left beside it.
    const draft = /^--wait (\S+)\n$/.exec(readFileSync(join(place.folder, 'edited'), 'utf8'))?.[1] ?? '';
    expect(draft).toEndWith('/config.toml');
    expect(existsSync(join(draft, '..'))).toBe(false);
  });

  test('keeps a text that is wrong aside, and the settings as they were', async () => {
    await using place = placeWith(right);
    const VISUAL = editor(place, `echo 'holdSeconds = "x' > "$2"`);
    const { stdout, stderr, code } = await place.stint(['config', 'edit'], { env: { VISUAL, EDITOR: 'false' } });
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    expect(stderr).toMatch(
      /^config\.toml line 1: .+ The settings are as they were\. Your text is kept as \S+\.rejected\n$/,
    );
    expect(place.read('config.toml')).toBe(right);
    expect(place.read('config.toml.rejected')).toBe('holdSeconds = "x\n');
    expect(statSync(join(place.home, 'config.toml.rejected')).mode & 0o077).toBe(0);
  });

  test.each([
    ['changes nothing', 'true', { code: 0, stdout: 'Nothing was changed.\n', stderr: '' }],
    ['fails', 'exit 3', { code: 2, stdout: '', stderr: 'The editor ended with 3. Nothing was changed.\n' }],
  ])('changes nothing where the editor %s', async (_, script, expected) => {
    await using place = placeWith(right);
    const run = await place.stint(['config', 'edit'], { env: { EDITOR: editor(place, script), VISUAL: '' } });
    expect(run).toEqual(expected);
    expect(place.read('config.toml')).toBe(right);
  });

  test('never writes over what somebody else has written meanwhile', async () => {
    await using place = placeWith(right);
    const file = join(place.home, 'config.toml');
    const script = `echo '# theirs' > '${file}'; echo '# mine' > "$2"`;
    const run = await place.stint(['config', 'edit'], { env: { EDITOR: editor(place, script), VISUAL: '' } });
    expect(run.stderr).toContain('was changed meanwhile. The settings are as they were. Your text is kept as');
    expect(run.code).toBe(1);
    expect(place.read('config.toml')).toBe('# theirs\n');
  });

  test('says how to name an editor where there is none', async () => {
    await using place = placeWith(right);
    const bin = join(place.folder, 'bin');
    mkdirSync(bin);
    const node = Bun.which('node') ?? '';
    const run = Bun.spawn([node, join(import.meta.dir, '../../../bin/stint.mjs'), 'config', 'edit'], {
      env: { PATH: bin, HOME: place.folder, STINT_HOME: place.home },
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    });
    expect(await new Response(run.stderr).text()).toBe(
      'There is no editor: neither VISUAL nor EDITOR is set. For example: EDITOR=nano stint config edit\n',
    );
    await run.exited;
  });
});
