import { describe, expect, test } from 'bun:test';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { idOf } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { Notice } from '../core/notice.ts';
import { desktopChannel } from './desktop.ts';

const now = Date.parse('2026-11-21T13:05:00Z');
const evidence = `"; touch pwned; $(touch pwned) \`touch pwned\` <b>bold</b> & \\n -- '`;
const notice: Notice = {
  id: 'a',
  kind: 'account-needs-login',
  thread: 'a',
  at: now,
  facts: { account: idOf('work'), evidence, mend: 'stint account add anthropic work --replace' },
};
const never = new AbortController().signal;

/** A folder for the PATH with an executable that does as `script` says; by itself it writes its arguments and environment. */
function standIn(
  name: string,
  script = 'for each in "$@"; do printf "%s|\\n" "$each"; done > "$0.args"; env > "$0.env"',
) {
  const folder = temporaryFolder();
  const path = join(folder.path, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return {
    path: `${folder.path}:/usr/bin:/bin`,
    folder: folder.path,
    args: () => readFileSync(`${path}.args`, 'utf8').split('|\n').slice(0, -1),
    env: () => readFileSync(`${path}.env`, 'utf8'),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function channel(platform: string, environment: Record<string, string>, deadlineMs?: number) {
  const more = deadlineMs === undefined ? {} : { deadlineMs };
  return desktopChannel({ platform, environment, clock: () => now, timeZone: 'UTC', ...more });
}

describe('the desktop', () => {
  test('is shown a notice by notify-send, with what a provider said as plain text', async () => {
    using command = standIn('notify-send');
    const environment = {
      PATH: command.path,
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus',
      STINT_WEBHOOK_SECRET: 'whsec_test',
      TELEGRAM_BOT_TOKEN: 'test-token',
    };
    expect(await channel('linux', environment).tell(notice, null, never)).toBeNull();
    expect(command.args()).toEqual([
      '--app-name=Stint',
      '--urgency=critical',
      '--',
      'Account anthropic/work needs a new login',
      [
        'The provider has refused its credential since 13:05 UTC: “"; touch pwned; $(touch pwned) `touch pwned` &lt;b&gt;bold&lt;/b&gt; &amp; \\\\n -- \'”.',
        'It takes no work until it has a new one.',
        'What you can do: stint account add anthropic work --replace',
      ].join('\n'),
    ]);
    expect(existsSync('pwned')).toBe(false);
    expect(command.env()).toContain('DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus');
    expect(command.env()).not.toMatch(/WEBHOOK|TELEGRAM/);
  });

  test('is shown a notice on macOS by a script that has the text as arguments', async () => {
    using command = standIn('osascript');
    await channel('darwin', { PATH: command.path }).tell({ ...notice, kind: 'pool-recovered' }, null, never);
    const args = command.args();
    expect(args.slice(0, 6)).toEqual([
      '-e',
      'on run argv',
      '-e',
      'display notification (item 3 of argv) with title (item 1 of argv) subtitle (item 2 of argv)',
      '-e',
      'end run',
    ]);
    expect(args.slice(6, 8)).toEqual(['Stint', 'Pool <pool> has recovered']);
    expect(args).toHaveLength(9);
  });

  test('without the command says so', async () => {
    using folder = temporaryFolder();
    await expect(channel('linux', { PATH: folder.path }).tell(notice, null, never)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'notify-send is not on the PATH.',
    });
    await expect(channel('darwin', {}).tell(notice, null, never)).rejects.toMatchObject({
      message: 'osascript is not on the PATH.',
    });
  });

  test('where the command fails says what it said', async () => {
    using command = standIn('notify-send', 'echo "Cannot autolaunch D-Bus\nwithout X11" >&2; exit 1');
    await expect(channel('linux', { PATH: command.path }).tell(notice, null, never)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'notify-send failed: Cannot autolaunch D-Bus without X11.',
    });
  });

  test('where the command hangs gives it up, and when it is aborted', async () => {
    using command = standIn('notify-send', 'exec sleep 60');
    await expect(channel('linux', { PATH: command.path }, 50).tell(notice, null, never)).rejects.toMatchObject({
      code: 'upstream',
    });
    const abort = new AbortController();
    const telling = channel('linux', { PATH: command.path }).tell(notice, null, abort.signal);
    abort.abort();
    await expect(telling).rejects.toThrow();
  });
});
