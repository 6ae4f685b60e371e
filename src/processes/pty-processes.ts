import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptId } from '../core/ids.ts';
import { processStart } from '../lib/process-start.ts';
import type { JobTerminal, Processes, TerminalView, Viewer } from '../supervisor/ports.ts';
import { readExit } from './agent-processes.ts';
import { KeptOutput } from './kept-output.ts';
import { screenText } from './screen-text.ts';
import { environmentOf } from './prepare.ts';
import { firstSize, readyTerminal, submitMs } from './terminal-launch.ts';

const keptBytes = 256 * 1024;
const holderName = 'holder';

/** A terminal that this process holds. */
type Held = {
  readonly terminal: Bun.Terminal;
  readonly kept: KeptOutput;
  readonly viewers: Set<Viewer>;
  size: { columns: number; rows: number };
  /** The name of what was typed last. */
  typed?: string;
};

export type PtyProcesses = Processes & {
  /** Closes every terminal, which ends what runs on them: the next daemon goes on with those. */
  close(): void;
};

/**
 * Processes of agents on terminals of this process, with which they die. `base` runs them without one: where their files
 * are, whether they live and how they are ended is the same.
 */
export function ptyProcesses(base: Processes): PtyProcesses {
  const held = new Map<AttemptId, Held>();
  /** Tells this process from those before it. */
  const holder = crypto.randomUUID();
  const holderOf = (attempt: AttemptId): Promise<string> =>
    readFile(join(base.filesOf(attempt).folder, holderName), 'utf8').catch(() => '');
  const close = (attempt: AttemptId): void => {
    const one = held.get(attempt);
    held.delete(attempt);
    one?.terminal.close();
    for (const viewer of one?.viewers ?? []) viewer.ended();
  };
  return {
    ...base,
    async spawn(launch) {
      const [program = '', ...args] = await readyTerminal(launch);
      await writeFile(join(launch.files.folder, holderName), holder, { mode: 0o600 });
      const size = firstSize;
      const kept = new KeptOutput(keptBytes);
      const viewers = new Set<Viewer>();
      const child = Bun.spawn([program, ...args], {
        cwd: launch.directory,
        env: { ...environmentOf(launch), TERM: 'xterm-256color', COLORTERM: 'truecolor' },
        terminal: {
          cols: size.columns,
          rows: size.rows,
          data: (_, chunk) => {
            kept.push(chunk);
            for (const viewer of viewers) viewer.show(chunk);
          },
        },
      });
      const { terminal, pid } = child;
      if (terminal === undefined) throw new Error('the process has no terminal');
      held.set(launch.attempt, { terminal, kept, viewers, size });
      void child.exited.then(() => close(launch.attempt));
      return { pid, birth: (await processStart(pid)) ?? '' };
    },
    async ended(attempt, signal) {
      if (held.has(attempt.id) || (await holderOf(attempt.id)) === holder) return base.ended(attempt, signal);
      const written = await readExit(base.filesOf(attempt.id).exit);
      if (written !== null) return written;
      signal.throwIfAborted();
      // What has left its terminal's session has not died with it.
      await base.end(attempt, signal);
      return (await readExit(base.filesOf(attempt.id).exit)) ?? { code: null, at: null, lost: true };
    },
    terminal(attempt) {
      const one = held.get(attempt);
      return Promise.resolve(one === undefined ? undefined : terminalOf(one));
    },
    async forget(attempt) {
      close(attempt);
      await base.forget(attempt);
    },
    close() {
      for (const attempt of [...held.keys()]) close(attempt);
    },
  };
}

function terminalOf(held: Held): JobTerminal {
  const isTyped = (once: string): boolean => {
    if (held.typed === once) return true;
    held.typed = once;
    return false;
  };
  return {
    async paste(text, once) {
      if (isTyped(once)) return;
      // As a terminal sends what is pasted; what would end the paste before its end is none of it.
      const pasted = text.replaceAll('\u001b', '').replaceAll('\n', '\r');
      held.terminal.write(held.kept.marksPastes ? `\u001b[200~${pasted}\u001b[201~` : pasted);
      await Bun.sleep(submitMs);
      held.terminal.write('\r');
    },
    press: (key, once) => Promise.resolve(isTyped(once) ? undefined : void held.terminal.write(key)),
    text: () => Promise.resolve(screenText(held.kept.text(), held.size)),
    way: { kind: 'view', view: (viewer) => viewOf(held, viewer) },
  };
}

function viewOf(held: Held, viewer: Viewer): TerminalView {
  viewer.show(held.kept.replay());
  held.viewers.add(viewer);
  return {
    type: (bytes) => void held.terminal.write(bytes),
    resize(columns, rows) {
      held.size = { columns, rows };
      held.terminal.resize(columns, rows);
    },
    leave: () => void held.viewers.delete(viewer),
  };
}
