import { secondMs } from '../core/time.ts';
import type { AttemptId } from '../core/ids.ts';
import { pause } from '../lib/pause.ts';
import { processStart } from '../lib/process-start.ts';
import { shellWord } from '../lib/shell-word.ts';
import type { Exit, JobTerminal, Known, Launch, Processes } from '../supervisor/ports.ts';
import { readExit } from './agent-processes.ts';
import { firstSize, readyTerminal, submitMs, writeStarter } from './terminal-launch.ts';
import type { Sessions, Tmux } from './tmux.ts';

/** How often it is asked whether the session of an attempt is there. */
const checkMs = 5 * secondMs;
/** So many times in a row it is not. */
const misses = 2;
/** Kept of what was shown: so much, and as much again of before. */
const screenBytes = 256 * 1024;

/**
 * Processes of agents on terminals of a tmux server, which outlive the daemon. `base` runs them without one: where their
 * files are, whether they live and how they are ended is the same.
 */
export function tmuxProcesses(base: Processes, tmux: Tmux, everyMs: number = checkMs): Processes {
  const sessions = sharedLook(tmux, everyMs / 2);
  const living = async (attempt: Known): Promise<readonly number[]> => {
    const found = await base.living(attempt);
    if (attempt.pid !== null || found.length > 0) return found;
    // One that is still starting does not carry its mark yet.
    const look = await tmux.sessions();
    const pid = look.kind === 'known' ? look.pids.get(sessionOf(attempt.id)) : undefined;
    return pid === undefined ? [] : [pid];
  };
  return {
    ...base,
    living,
    async spawn(launch) {
      const command = await readyTerminal(launch);
      const starter = await writeStarter(launch, command);
      const name = sessionOf(launch.attempt);
      const size = ['-x', String(firstSize.columns), '-y', String(firstSize.rows)];
      const shown = await tmux.run([
        ...['new-session', '-d', '-P', '-F', '#{pane_pid}', '-s', name, ...size, '/bin/sh', starter],
        ...[';', 'pipe-pane', '-t', targetOf(launch.attempt), keepScreen(launch)],
      ]);
      const pid = Number(shown.trim());
      return { pid, birth: (await processStart(pid)) ?? '' };
    },
    async ended(attempt, signal) {
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      const gone = sessionEnds(attempt.id, sessions, { everyMs, signal: either });
      const exit = base.ended(attempt, either);
      try {
        const first = await Promise.race([exit, gone]);
        if (first !== 'gone') return first;
        // Without its terminal it does nothing of use any more.
        const written = await readExit(base.filesOf(attempt.id).exit);
        await base.end(attempt, signal);
        return written ?? ({ code: null, at: null } satisfies Exit);
      } finally {
        over.abort();
        await Promise.allSettled([exit, gone]);
      }
    },
    async terminal(attempt) {
      const look = await tmux.sessions();
      return look.kind === 'known' && !look.pids.has(sessionOf(attempt)) ? undefined : terminalOf(tmux, attempt);
    },
  };
}

function terminalOf(tmux: Tmux, attempt: AttemptId): JobTerminal {
  const target = targetOf(attempt);
  const buffer = sessionOf(attempt);
  // Somebody may have left it scrolled back, where keys mean something else.
  const leaveMode = (): Promise<string> =>
    tmux.run(['if-shell', '-F', '-t', target, '#{pane_in_mode}', `send-keys -t ${target} -X cancel`]);
  return {
    async paste(text) {
      await tmux.run(['load-buffer', '-b', buffer, '-'], text);
      await leaveMode();
      await tmux.run(['paste-buffer', '-p', '-d', '-b', buffer, '-t', target]);
      await Bun.sleep(submitMs);
      await tmux.run(['send-keys', '-t', target, 'Enter']);
    },
    async press(key) {
      await leaveMode();
      await tmux.run(['send-keys', '-t', target, '-H', Buffer.from(key).toString('hex')]);
    },
    text: () => tmux.run(['capture-pane', '-p', '-t', target]).catch(() => ''),
    way: {
      kind: 'command',
      command: tmux.command('attach-session', '-t', `=${sessionOf(attempt)}`),
      directory: tmux.folder,
    },
  };
}

/** A name of tmux has no dot. */
function sessionOf(attempt: AttemptId): string {
  return `stint-${attempt.replaceAll('.', '-')}`;
}

/** Exactly this session, and not one whose name begins so. */
function targetOf(attempt: AttemptId): string {
  return `=${sessionOf(attempt)}:`;
}

/** A command that writes the latest of what is shown into a file, and the part before it into another. */
function keepScreen({ files }: Launch): string {
  const screen = shellWord(files.screen);
  return `umask 077; while head -c ${screenBytes} >${screen} && [ -s ${screen} ]; do mv ${screen} ${screen}.old; done`;
}

/** Resolves when tmux has said more than once that the session is not there; a query that fails says nothing. */
async function sessionEnds(
  attempt: AttemptId,
  look: () => Promise<Sessions>,
  { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<'gone'> {
  let missed = 0;
  for (;;) {
    await pause(everyMs, signal);
    signal.throwIfAborted();
    const seen = await look();
    if (seen.kind === 'known') missed = seen.pids.has(sessionOf(attempt)) ? 0 : missed + 1;
    if (missed >= misses) return 'gone';
  }
}

/** One look for all who ask at about the same time: fifty sessions are one question. */
function sharedLook(tmux: Tmux, freshMs: number): () => Promise<Sessions> {
  let at = Number.NEGATIVE_INFINITY;
  let latest: Promise<Sessions> = Promise.resolve({ kind: 'unknown' });
  return () => {
    if (performance.now() - at < freshMs) return latest;
    at = performance.now();
    latest = tmux.sessions();
    return latest;
  };
}
