import { secondMs } from '../core/time.ts';
import type { AttemptId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { pause } from '../lib/pause.ts';
import { processStart } from '../lib/process-start.ts';
import { shellWord } from '../lib/shell-word.ts';
import type { Exit, JobTerminal, Known, Launch, Processes } from '../supervisor/ports.ts';
import { leads, readExit } from './agent-processes.ts';
import { firstSize, readyTerminal, submitMs, writeStarter } from './terminal-launch.ts';
import { enteredMark, paneMark, sessionMark, typedMark, type Sessions, type Tmux } from './tmux.ts';

/** How often it is asked whether the session of an attempt is there. */
const checkMs = 5 * secondMs;
/** So many times in a row it is not. */
const misses = 2;
/** So often is one looked for of which tmux could not say that it was begun. */
const looksAfterFailure = 6;
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
    const pane = look.kind === 'known' ? look.panes.get(attempt.id) : undefined;
    return pane === undefined ? [] : [pane.pid];
  };
  /** A person may have split it, and what they run there is none of the attempt's. */
  const killSession = async (attempt: AttemptId): Promise<void> => {
    const look = await tmux.sessions();
    const session = look.kind === 'known' ? look.begun.get(attempt) : undefined;
    // It may be gone by then, and its server with it.
    if (session !== undefined) await tmux.run(['kill-session', '-t', session]).catch(() => undefined);
  };
  /** tmux may have begun it and failed after that, or not said so in time: it is looked for before that is believed. */
  const begunAnyway = async (id: AttemptId, error: unknown): Promise<number> => {
    for (let looks = 1; ; looks += 1) {
      const look = await tmux.sessions();
      const pane = look.kind === 'known' ? look.panes.get(id) : undefined;
      const pid = pane?.pid ?? (await base.living({ id, pid: null, birth: null }))[0];
      if (pid !== undefined) return pid;
      if (look.kind === 'known' || looks === looksAfterFailure) throw error;
      await Bun.sleep(everyMs);
    }
  };
  return {
    ...base,
    living,
    async spawn(launch) {
      const command = await readyTerminal(launch);
      const starter = await writeStarter(launch, command);
      const id = launch.attempt;
      const [name, size] = [sessionOf(id), ['-x', String(firstSize.columns), '-y', String(firstSize.rows)]];
      // Exactly this one, and not one whose name begins so.
      const target = ['-t', `=${name}:`];
      const asked = tmux.run([
        ...['new-session', '-d', '-P', '-F', '#{pane_pid}', '-s', name, ...size, '/bin/sh', starter],
        ...[';', 'set-option', '-p', ...target, paneMark, id],
        ...[';', 'set-option', ...target, sessionMark, id],
        ...[';', 'pipe-pane', ...target, keepScreen(launch)],
      ]);
      const pid = await asked.then(Number, (error: unknown) => begunAnyway(id, error));
      return { pid, birth: (await processStart(pid)) ?? '' };
    },
    async end(attempt, signal) {
      await base.end(attempt, signal);
      await killSession(attempt.id);
    },
    async forget(attempt) {
      await killSession(attempt);
      await base.forget(attempt);
    },
    async ended(attempt, signal) {
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      const gone = sessionEnds(attempt, sessions, { everyMs, signal: either });
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
      if (look.kind === 'unknown') return terminalOf(tmux, attempt, `=${sessionOf(attempt)}`);
      const pane = look.panes.get(attempt);
      return pane === undefined ? undefined : terminalOf(tmux, attempt, pane.session);
    },
  };
}

/** What is typed goes to the pane of the agent, whichever a person has split off and looks at. */
function terminalOf(tmux: Tmux, attempt: AttemptId, session: string): JobTerminal {
  const buffer = sessionOf(attempt);
  const find = async (): Promise<string> => {
    const look = await tmux.sessions();
    const pane = look.kind === 'known' ? look.panes.get(attempt) : undefined;
    if (pane !== undefined) return pane.pane;
    throw new Problem('unavailable', 'tmux does not show the terminal of the agent.', { hint: 'See: stint job list' });
  };
  // Somebody may have left it scrolled back, where keys mean something else.
  const leaveMode = (pane: string): Promise<string> =>
    tmux.run(['if-shell', '-F', '-t', pane, '#{pane_in_mode}', `send-keys -t ${pane} -X cancel`]);
  const doneIn = async (pane: string): Promise<{ readonly typed: string; readonly entered: string }> => {
    const shown = await tmux.run(['display-message', '-p', '-t', pane, `#{${typedMark}} #{${enteredMark}}`]);
    const [typed = '', entered = ''] = shown.trimEnd().split(' ');
    return { typed, entered };
  };
  // With one command the server does both or nothing, whatever becomes of us.
  const noted = (pane: string, mark: string, once: string): string[] => [
    ...[';', 'set-option', '-p', '-t', pane, mark, once],
  ];
  return {
    async paste(text, once) {
      const pane = await find();
      const { typed, entered } = await doneIn(pane);
      if (typed !== once) {
        await tmux.run(['load-buffer', '-b', buffer, '-'], text);
        await leaveMode(pane);
        await tmux.run(['paste-buffer', '-p', '-d', '-b', buffer, '-t', pane, ...noted(pane, typedMark, once)]);
      }
      if (entered === once) return;
      await Bun.sleep(submitMs);
      await tmux.run(['send-keys', '-t', pane, 'Enter', ...noted(pane, enteredMark, once)]);
    },
    async press(key, once) {
      const pane = await find();
      if ((await doneIn(pane)).typed === once) return;
      await leaveMode(pane);
      const hex = Buffer.from(key).toString('hex');
      await tmux.run(['send-keys', '-t', pane, '-H', hex, ...noted(pane, typedMark, once)]);
    },
    text: () =>
      find()
        .then((pane) => tmux.run(['capture-pane', '-p', '-t', pane]))
        .catch(() => ''),
    way: { kind: 'command', command: tmux.command('attach-session', '-t', session), directory: tmux.folder },
  };
}

/** A name of tmux has no dot. */
function sessionOf(attempt: AttemptId): string {
  return `stint-${attempt.replaceAll('.', '-')}`;
}

/** A command that writes the latest of what is shown into a file, and the part before it into another. */
function keepScreen({ files }: Launch): string {
  const screen = shellWord(files.screen);
  return `umask 077; while head -c ${screenBytes} >${screen} && [ -s ${screen} ]; do mv ${screen} ${screen}.old; done`;
}

/**
 * Resolves when tmux has said more than once that the attempt is not there, and it is not. A query that fails says nothing;
 * nor does tmux where its socket was removed, which reaches no server then, or another one.
 */
async function sessionEnds(
  attempt: Known,
  look: () => Promise<Sessions>,
  { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<'gone'> {
  let missed = 0;
  for (;;) {
    await pause(everyMs, signal);
    signal.throwIfAborted();
    const seen = await look();
    if (seen.kind === 'known') missed = seen.panes.has(attempt.id) || (await leads(attempt)) ? 0 : missed + 1;
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
