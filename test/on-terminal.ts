// The command line on a terminal of its own, as a person has it.
import { join } from 'node:path';
import type { Place } from './daemon-rig.ts';

const launcher = join(import.meta.dir, '../bin/stint.mjs');

export type Session = {
  /** Resolves with everything shown so far, once it holds the text; also when the command has ended without it. */
  shows(text: string): Promise<string>;
  /** As `shows`, for what comes after something that was shown. */
  showsMore(before: string, text: string): Promise<string>;
  type(text: string): void;
  /** Sends a signal to the launcher alone. */
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ readonly code: number; readonly shown: string }>;
};

/** Runs `stint` on a terminal of its own. */
export function onTerminal(place: Place, ...args: string[]): Session {
  let shown = '';
  let changed = Promise.withResolvers<void>();
  let over = false;
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const child = Bun.spawn(['node', launcher, ...args], {
    cwd: place.folder,
    env: { PATH: process.env['PATH'], HOME: place.folder, TERM: 'xterm', STINT_HOME: place.home, ...freePorts },
    terminal: {
      cols: 100,
      rows: 30,
      data: (_, chunk) => {
        shown += new TextDecoder().decode(chunk);
        tell();
      },
    },
  });
  const ended = child.exited.then((code) => {
    over = true;
    child.terminal?.close();
    tell();
    return { code, shown };
  });
  const showsMore = async (before: string, text: string): Promise<string> => {
    while (!shown.includes(text, before.length) && !over) await changed.promise;
    return shown;
  };
  return {
    ended,
    type: (text) => void child.terminal?.write(text),
    kill: (signal) => child.kill(signal),
    shows: (text) => showsMore('', text),
    showsMore,
  };
}

const freePorts = { STINT_CONTROL_PORT: '0', STINT_AGENT_PORT: '0' };
