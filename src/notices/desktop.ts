import type { Notice } from '../core/notice.ts';
import { describeNotice } from '../core/notice-text.ts';
import { oneLine } from '../core/one-line.ts';
import { Problem } from '../core/problem.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import type { Channel } from './ports.ts';
import { within } from './within.ts';

export type DesktopDeps = {
  /** As Node names it: `linux`, `darwin`. */
  readonly platform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: () => EpochMs;
  readonly timeZone: string;
  readonly deadlineMs?: number;
};

const usualDeadlineMs = 10 * secondMs;
/** What it takes to reach the desktop of a session; the rest of the environment has secrets. */
const passedOn = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY'];
const passedOnToo = ['XDG_RUNTIME_DIR', 'XDG_CURRENT_DESKTOP', 'DBUS_SESSION_BUS_ADDRESS', '__CF_USER_TEXT_ENCODING'];

/** Shows a notice on the desktop, by the command that the system has for it. */
export function desktopChannel(deps: DesktopDeps): Channel {
  const { platform, environment, clock, timeZone, deadlineMs = usualDeadlineMs } = deps;
  const command = platform === 'darwin' ? appleScript : notifySend;
  const names = [...passedOn, ...passedOnToo];
  const env = Object.fromEntries(names.flatMap((name) => pairOf(name, environment[name])));
  return {
    name: 'desktop',
    tell: async (notice, _, signal) => {
      const path = Bun.which(command.name, { PATH: env['PATH'] ?? '' });
      if (path === null)
        throw new Problem('unavailable', `${command.name} is not on the PATH.`, { hint: command.hint });
      const { title, lines } = describeNotice(notice, clock(), timeZone);
      const args = command.args({ title, body: lines.join('\n'), kind: notice.kind });
      await within(deadlineMs, signal, (limited) => run([path, ...args], env, limited));
      return null;
    },
  };
}

type Shown = { readonly title: string; readonly body: string; readonly kind: Notice['kind'] };

const notifySend = {
  name: 'notify-send',
  hint: 'Install libnotify-bin, or set notices.desktop.enabled = false.',
  args: ({ title, body, kind }: Shown) => [
    '--app-name=Stint',
    `--urgency=${urgent.includes(kind) ? 'critical' : 'normal'}`,
    '--',
    title,
    // It takes a body for markup, and what follows a backslash for an escape (libnotify, tools/notify-send.c).
    body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\\', '\\\\'),
  ],
};

const appleScript = {
  name: 'osascript',
  hint: 'Set notices.desktop.enabled = false.',
  // The texts are arguments of the script and never part of it.
  args: ({ title, body }: Shown) => [
    ...['-e', 'on run argv'],
    ...['-e', 'display notification (item 3 of argv) with title (item 1 of argv) subtitle (item 2 of argv)'],
    ...['-e', 'end run'],
    ...['Stint', title, body],
  ],
};

/** Those stay until somebody has seen them. */
const urgent: readonly Notice['kind'][] = ['account-needs-login', 'pool-exhausted', 'auth-reset-failed'];

async function run(
  command: [string, ...string[]],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const child = Bun.spawn(command, {
    env,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    signal,
    killSignal: 'SIGKILL',
  });
  const [said, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (exitCode === 0) return;
  const name = command[0].slice(command[0].lastIndexOf('/') + 1);
  const words = oneLine(said);
  throw new Problem('unavailable', `${name} failed${words === '' ? '' : `: ${words}`}.`);
}

function pairOf(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}
