import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';

/** Where an attempt runs, by ids that stay the same whatever people do with names, windows and splits. */
export type Pane = { readonly session: string; readonly pane: string; readonly pid: number };

/** What a tmux server has of attempts, by their ids; `unknown` where it did not answer, which says nothing of them. */
export type Sessions =
  | {
      readonly kind: 'known';
      readonly panes: ReadonlyMap<string, Pane>;
      /** The sessions that were begun for attempts, which a person may keep with panes of their own. */
      readonly begun: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'unknown' };

/** Options of tmux that name the attempt which a pane, and a session, were made for. */
export const paneMark = '@stint-pane';
export const sessionMark = '@stint-session';

/** A tmux server of Stint's own: other sessions of the user's are not on it, and their settings are not its. */
export type Tmux = {
  /** Where its socket is: as a name in here, since the path of one may not be long. */
  readonly folder: string;
  /** The command line of tmux with these arguments, to be run in the folder. */
  command(...args: string[]): string[];
  /** Runs it to its end. Throws a Problem `unavailable` where it failed or is not installed. */
  run(args: readonly string[], input?: string): Promise<string>;
  sessions(): Promise<Sessions>;
};

/** Options of a pane that name what was typed into it last, and what was sent off with Enter. */
export const typedMark = '@stint-typed';
export const enteredMark = '@stint-entered';

const settings = `set -g history-limit 20000
set -g window-size latest
set -g default-terminal screen-256color
set -g remain-on-exit off
set -g destroy-unattached off
set -g set-clipboard off
set -sg escape-time 20
set -g status-left ''
set -g status-right 'Stint: Ctrl-b d leaves, and the job goes on'
set -g status-right-length 60
setw -g automatic-rename off
`;
const socket = 'tmux.sock';
const timeoutMs = 10_000;
const tries = 3;
const wentAway = /server exited|lost server/;
/** What tmux 3.x says where no server runs; any other error, such as of a socket that may not be opened, says nothing of one. */
const noServer = /^no server running|^error connecting to .*\(No such file or directory\)|^no sessions/;
const listed = `#{${paneMark}} #{${sessionMark}} #{session_id} #{pane_id} #{pane_pid}`;
export const howToInstall = 'Install it: apt-get install tmux, dnf install tmux or brew install tmux';

export function openTmux(folder: string, path: string): Tmux {
  const executable = (): string => Bun.which('tmux', { PATH: path }) ?? 'tmux';
  const command = (...args: string[]): string[] => [executable(), '-S', socket, '-f', 'tmux.conf', ...args];
  const ask = async (
    args: readonly string[],
    input?: string,
  ): Promise<{ code: number; stdout: string; stderr: string }> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, 'tmux.conf'), settings, { mode: 0o600 });
    if (Bun.which('tmux', { PATH: path }) === null)
      throw new Problem('unavailable', 'tmux is not on the PATH.', { hint: howToInstall });
    const child = Bun.spawn(command(...args), {
      cwd: folder,
      // The server is started with it, and every session sees it.
      env: { PATH: path, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' },
      stdin: input === undefined ? 'ignore' : Buffer.from(input),
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: timeoutMs,
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr: stderr.trim() };
  };
  return {
    folder,
    command,
    async run(args, input) {
      let asked = await ask(args, input);
      // A server ends with its last session, and may have met this one as it went.
      for (let again = 1; again < tries && wentAway.test(asked.stderr); again += 1) asked = await ask(args, input);
      const { code, stdout, stderr } = asked;
      if (code === 0) return stdout;
      throw new Problem('unavailable', `tmux said: ${stderr || `exit code ${code}`}.`, { hint: 'See: tmux -V' });
    },
    async sessions() {
      const asked = await ask(['list-panes', '-a', '-F', listed]).catch(() => null);
      return asked === null ? { kind: 'unknown' } : sessionsIn(asked);
    },
  };
}

/** What tmux has answered to the question for its panes. */
export function sessionsIn(asked: {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}): Sessions {
  if (asked.code !== 0 && !noServer.test(asked.stderr)) return { kind: 'unknown' };
  const panes = new Map<string, Pane>();
  const begun = new Map<string, string>();
  for (const line of asked.stdout.split('\n')) {
    const [ofPane = '', ofSession = '', session = '', pane = '', pid] = line.split(' ');
    if (ofPane !== '') panes.set(ofPane, { session, pane, pid: Number(pid) });
    if (ofSession !== '') begun.set(ofSession, session);
  }
  return { kind: 'known', panes, begun };
}
